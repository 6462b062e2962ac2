#pragma once

#include "loops.hpp"

#include <algorithm>
#include <barrier>
#include <thread>
#include <vector>

#include <sched.h>

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

/// Binds the calling thread to one of the cores that this process may use: short runs would end before the
/// kernel has moved threads apart that it woke on one core.
inline void bind_to_core(int number) {
    static const cpu_set_t allowed = [] {
        cpu_set_t cores;
        CPU_ZERO(&cores);
        sched_getaffinity(0, sizeof cores, &cores);
        return cores;
    }();
    const int count = CPU_COUNT(&allowed);
    int skip = count == 0 ? 0 : number % count;
    for (int core = 0; core < CPU_SETSIZE; ++core)
        if (CPU_ISSET(static_cast<std::size_t>(core), &allowed) && skip-- == 0) {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(static_cast<std::size_t>(core), &one);
            sched_setaffinity(0, sizeof one, &one); // if it is refused, the kernel places the thread
            return;
        }
}

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
            bind_to_core(t);
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
