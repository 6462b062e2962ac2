// The rows of colock, on one thread.
#include "ours.hpp"
#include "runner.hpp"

#include <vector>

namespace colock_bench {
namespace {

using colock::forever;

struct with_service {
    explicit with_service(asio::io_context& io) : locks(io.get_executor()) {}
    colock::locking_service locks;
};

struct try_lock_now : with_service {
    using with_service::with_service;
    task work(int count, int) {
        auto& memory = memory_of(locks);
        for (int i = 0; i < count; ++i)
            const auto held = memory.try_lock(bench_key);
        co_return;
    }
};

template<bool Expires>
struct acquire_and_release : with_service {
    using with_service::with_service;
    task work(int count, int) {
        colock::acquire_options options{.owner = "user_123"};
        if (Expires)
            options.expire = 30s;
        for (int i = 0; i < count; ++i) {
            co_await locks.acquire(bench_key, options);
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

struct execute_suspending : with_service {
    using with_service::with_service;
    static task job() { co_await asio::post(asio::deferred); }
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

/// A reader beside another reader, so that no release leaves the key free.
struct shared_with_another : with_service {
    using with_service::with_service;
    task work(int count, int) {
        const auto other = co_await locks.lock(bench_key, {.mode = colock::lock_mode::shared});
        for (int i = 0; i < count; ++i)
            const auto held = co_await locks.lock(bench_key, {.mode = colock::lock_mode::shared});
    }
};

/// Readers that are inside together, and a writer among them, which ends and starts their batches.
struct readers_and_writer : with_service {
    using with_service::with_service;
    task work(int count, int number) {
        const auto mode = number == 0 ? colock::lock_mode::exclusive : colock::lock_mode::shared;
        for (int i = 0; i < count; ++i) {
            const auto held = co_await locks.lock(bench_key, {.wait = forever, .mode = mode});
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

template<limit Limit>
void add_waiters(runner& to, const std::string& name, int waiters) {
    to.add(name, [=] { return per_operation<one_key<our_lock<Limit>, inside::a_post>>(128'000, waiters); });
}

} // namespace

void add_ours(runner& to) {
    to.add("lock + release", [] { return per_operation<one_key<our_lock<limit::given>>>(200'000); });
    to.add("try_lock + release", [] { return per_operation<try_lock_now>(200'000); });
    to.add("acquire + release, owner", [] { return per_operation<acquire_and_release<false>>(100'000); });
    to.add("acquire + release, owner, expire",
           [] { return per_operation<acquire_and_release<true>>(100'000); });
    to.add("lock + release, 2 keys", [] { return per_operation<several_keys<2>>(50'000); });
    to.add("lock + release, 8 keys", [] { return per_operation<several_keys<8>>(20'000); });
    to.add("lock + release, shared with another", [] { return per_operation<shared_with_another>(100'000); });
    to.add("execute, plain job", [] { return per_operation<execute_plain>(100'000); });
    to.add("execute, coroutine job", [] { return per_operation<execute_coroutine>(50'000); });
    to.add("execute, suspending job", [] { return per_operation<execute_suspending>(50'000); });
    add_waiters<limit::none>(to, "64 waiters", 64);
    add_waiters<limit::given>(to, "64 waiters, limit", 64);
    add_waiters<limit::none>(to, "8 waiters", 8);
    add_waiters<limit::none>(to, "1000 waiters", 1000);
    to.add("63 readers and a writer", [] { return per_operation<readers_and_writer>(128'000, 64); });
    to.add("16 keys x 64 waiters, armed timer",
           [] { return per_operation<sixteen_keys_with_reactor>(131'072, 16 * 64); });
}

} // namespace colock_bench
