#pragma once

#include "loops.hpp"

#include <algorithm>
#include <barrier>
#include <thread>
#include <vector>

namespace colock_bench {

/// Which key a thread takes next.
struct own_key {
    static constexpr const char* name = "own keys";
    const std::string& operator()(int thread, int) const { return bench_keys()[std::size_t(thread)]; }
};

struct random_key {
    static constexpr const char* name = "random of 10k keys";
    const std::string& operator()(int thread, int i) const {
        const auto mixed =
            (static_cast<unsigned>(i) * 2654435761u) ^ (static_cast<unsigned>(thread) * 40503u);
        return bench_keys()[mixed % bench_keys().size()];
    }
};

struct hot_key {
    static constexpr const char* name = "one hot key";
    const std::string& operator()(int, int) const { return bench_keys().front(); }
};

/// Operations per microsecond of wall time, when each thread runs an io_context of its own with one coroutine
/// that takes and releases keys. The threads look at the clock themselves: whoever let them go may come late.
template<class Lock, class Pick>
double throughput(int threads, int count) {
    using clock = std::chrono::steady_clock;
    asio::io_context home;
    Lock lock(home);
    std::barrier go(threads);
    std::vector<clock::time_point> starts(static_cast<std::size_t>(threads));
    std::vector<clock::time_point> ends(starts.size());
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t)
        running.emplace_back([&, t] {
            asio::io_context io(1);
            const auto pick = [t](int i) -> const std::string& { return Pick{}(t, i); };
            asio::co_spawn(io, cycles<inside::nothing>(lock, count, pick), must_succeed);
            go.arrive_and_wait();
            starts[static_cast<std::size_t>(t)] = clock::now();
            io.run();
            ends[static_cast<std::size_t>(t)] = clock::now();
        });
    for (auto& thread : running)
        thread.join();
    const std::chrono::duration<double, std::micro> elapsed =
        *std::ranges::max_element(ends) - *std::ranges::min_element(starts);
    return threads * count / elapsed.count();
}

} // namespace colock_bench
