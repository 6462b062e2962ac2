#include "loops.hpp"
#include "runner.hpp"

#include <vector>

namespace colock_bench {
namespace {

using colock::forever;

struct with_service {
    explicit with_service(asio::io_context& io) : locks(io.get_executor()) {}
    colock::locking_service locks;
};

struct lock_and_release : with_service {
    using with_service::with_service;
    task work(int count, int) {
        for (int i = 0; i < count; ++i)
            const auto held = co_await locks.lock(bench_key, {.wait = 30s});
    }
};

struct try_lock_now : with_service {
    using with_service::with_service;
    task work(int count, int) {
        auto& memory = dynamic_cast<colock::memory_provider&>(locks.get_provider());
        for (int i = 0; i < count; ++i)
            const auto held = memory.try_lock(bench_key);
        co_return;
    }
};

struct acquire_and_release : with_service {
    using with_service::with_service;
    task work(int count, int) {
        for (int i = 0; i < count; ++i) {
            co_await locks.acquire(bench_key, {.owner = "user_123", .expire = 30s});
            co_await locks.release(bench_key, {.owner = "user_123"});
        }
    }
};

struct execute_plain : with_service {
    using with_service::with_service;
    task work(int count, int) {
        for (int i = 0; i < count; ++i)
            co_await locks.execute(bench_key, [] {});
    }
};

struct execute_coroutine : with_service {
    using with_service::with_service;
    static task job() { co_return; }
    task work(int count, int) {
        for (int i = 0; i < count; ++i)
            co_await locks.execute(bench_key, &job);
    }
};

template<int KeyCount>
struct several_keys : with_service {
    using with_service::with_service;
    task work(int count, int) {
        std::vector<std::string> names;
        for (int i = 0; i < KeyCount; ++i)
            names.push_back(bench_key + std::to_string(i));
        const colock::key_set keys(names.begin(), names.end());
        for (int i = 0; i < count; ++i)
            const auto held = co_await locks.lock(keys);
    }
};

struct shared_readers : with_service {
    using with_service::with_service;
    task work(int count, int) {
        const auto other = co_await locks.lock(bench_key, {.mode = colock::lock_mode::shared});
        for (int i = 0; i < count; ++i)
            const auto held = co_await locks.lock(bench_key, {.mode = colock::lock_mode::shared});
    }
};

template<bool Limited>
struct contended : with_service {
    using with_service::with_service;
    task work(int count, int) {
        for (int i = 0; i < count; ++i) {
            const auto held =
                co_await locks.lock(bench_key, {.wait = Limited ? colock::duration(30s) : forever});
            co_await asio::post(asio::deferred);
        }
    }
};

struct sixteen_keys_with_reactor : with_service {
    explicit sixteen_keys_with_reactor(asio::io_context& io) : with_service(io), timer(io) {}
    task work(int count, int number) {
        const std::string key = bench_key + std::to_string(number % 16);
        for (int i = 0; i < count; ++i) {
            const auto held = co_await locks.lock(key, {.wait = forever});
            co_await asio::post(asio::deferred);
        }
        if (++ended == 16 * 64)
            timer.cancel();
    }
    armed_timer timer;
    int ended = 0;
};

} // namespace

void add_ours(runner& to) {
    to.add("lock + release", [] { return per_operation<lock_and_release>(200'000); });
    to.add("try_lock + release", [] { return per_operation<try_lock_now>(200'000); });
    to.add("acquire + release, owner, expire", [] { return per_operation<acquire_and_release>(100'000); });
    to.add("lock + release, 2 keys", [] { return per_operation<several_keys<2>>(50'000); });
    to.add("lock + release, 8 keys", [] { return per_operation<several_keys<8>>(20'000); });
    to.add("lock + release, shared with another", [] { return per_operation<shared_readers>(100'000); });
    to.add("execute, plain job", [] { return per_operation<execute_plain>(100'000); });
    to.add("execute, coroutine job", [] { return per_operation<execute_coroutine>(50'000); });
    to.add("64 waiters", [] { return per_operation<contended<false>>(128'000, 64); });
    to.add("64 waiters, limit", [] { return per_operation<contended<true>>(128'000, 64); });
    to.add("8 waiters", [] { return per_operation<contended<false>>(128'000, 8); });
    to.add("1000 waiters", [] { return per_operation<contended<false>>(128'000, 1000); });
    to.add("16 keys x 64 waiters, armed timer",
           [] { return per_operation<sixteen_keys_with_reactor>(131'072, 16 * 64); });
}

} // namespace colock_bench
