// Several threads on one provider: throughput in operations per microsecond of wall time.
#include "loops.hpp"
#include "runner.hpp"

#include <barrier>
#include <thread>
#include <vector>

namespace colock_bench {
namespace {

/// Each thread runs an io_context of its own, with one coroutine that takes and releases keys.
template<class PickKey>
double throughput(int threads, PickKey pick) {
    constexpr int count = 200'000;
    asio::io_context home;
    colock::locking_service locks(home.get_executor());
    std::barrier go(threads + 1);
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t)
        running.emplace_back([&, t] {
            asio::io_context io(1);
            const auto work = [&]() -> task {
                for (int i = 0; i < count; ++i)
                    const auto held = co_await locks.lock(pick(t, i), {.wait = colock::forever});
            };
            asio::co_spawn(io, work(), must_succeed);
            go.arrive_and_wait();
            io.run();
        });
    go.arrive_and_wait();
    const auto start = std::chrono::steady_clock::now();
    for (auto& thread : running)
        thread.join();
    const std::chrono::duration<double, std::micro> elapsed = std::chrono::steady_clock::now() - start;
    return threads * count / elapsed.count();
}

const std::string& own_key(int thread, int) {
    static const std::vector<std::string> keys{bench_key + "a", bench_key + "b"};
    return keys[static_cast<std::size_t>(thread)];
}

const std::string& random_key(int thread, int i) {
    static const std::vector<std::string> keys = [] {
        std::vector<std::string> made;
        for (int k = 0; k < 10'000; ++k)
            made.push_back(bench_key + std::to_string(k));
        return made;
    }();
    const auto mixed = (static_cast<unsigned>(i) * 2654435761u) ^ (static_cast<unsigned>(thread) * 40503u);
    return keys[mixed % keys.size()];
}

const std::string& hot_key(int, int) {
    return bench_key;
}

} // namespace

void add_threads(runner& to) {
    to.add("operations/us, 1 thread", [] { return throughput(1, own_key); });
    to.add("operations/us, 2 threads, own keys", [] { return throughput(2, own_key); });
    to.add("operations/us, 2 threads, random of 10k keys", [] { return throughput(2, random_key); });
    to.add("operations/us, 2 threads, one hot key", [] { return throughput(2, hot_key); });
}

} // namespace colock_bench
