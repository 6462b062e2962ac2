#include "targets.hpp"

namespace colock_bench {

std::vector<ratio> design_targets() {
    return {
        {"lock + release / C", "lock + release", {"C: naive keyed lock"}, 1.75, 1.0},
        {"lock + release / channel", "lock + release", {"channel"}, 0.75, 0.4},
        {"lock + release with a limit / channel || timer",
         "lock + release",
         {"channel || timer"},
         1 / 40.0,
         1 / 100.0},
        {"try_lock + release / C", "try_lock + release", {"C: naive keyed lock"}, 1.25, 0.6},
        {"acquire + release, owner, expire / C",
         "acquire + release, owner, expire",
         {"C: naive keyed lock"},
         4.5,
         3.0},
        {"64 waiters / channel", "64 waiters", {"channel, 64 waiters"}, 1.15, 0.95},
        {"16 keys x 64 waiters, armed timer / channels",
         "16 keys x 64 waiters, armed timer",
         {"16 channels x 64 waiters, armed timer"},
         1.4,
         1.1},
        {"64 waiters with a limit / map of timers",
         "64 waiters, limit",
         {"map of timers, 64 waiters, limit"},
         0.8,
         0.65},
        {"1000 waiters / 8 waiters", "1000 waiters", {"8 waiters"}, 1.3, 1.1},
        {"2 threads, own keys / 1 thread, throughput",
         "operations/us, 2 threads, own keys",
         {"operations/us, 1 thread"},
         1.6,
         1.9,
         true},
        {"execute, plain job / (lock + release)", "execute, plain job", {"lock + release"}, 2.0, 1.3},
        {"execute, coroutine job / (lock + release + co_spawn)",
         "execute, coroutine job",
         {"lock + release", "co_await co_spawn"},
         1.5,
         1.25},
        {"bytes per waiter over its coroutine", "bytes per waiter over its coroutine", {}, 512, 300},
        {"bytes per held key", "bytes per held key", {}, 256, 200},
        {"bytes per idle key", "bytes per idle key", {}, 0, 0},
    };
}

} // namespace colock_bench
