#pragma once

#include <colock/colock.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <type_traits>
#include <vector>

namespace colock_bench {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using task = asio::awaitable<void>;

/// 16 bytes, just too long for std::string to keep them inline.
inline const std::string bench_key = "prod_12345678901";

/// 10,000 more of them.
inline const std::vector<std::string>& bench_keys() {
    static const std::vector<std::string> keys = [] {
        std::vector<std::string> made;
        for (int i = 0; i < 10'000; ++i)
            made.push_back("prod_" + std::to_string(10'000'000'000 + i));
        return made;
    }();
    return keys;
}

inline void must_succeed(std::exception_ptr error) {
    if (error)
        std::terminate();
}

/// What a coroutine does in between: nothing, or let all others run once. Only with `a_post` do the
/// coroutines of one thread ever meet at a lock that need not suspend to be taken.
enum class inside { nothing, a_post };

/// `count` times, takes and releases the lock of a key; `pick(i)` names it. colock is called as its users do;
/// the baselines have `take` and `give`.
template<inside Inside, class Lock, class Pick>
task cycles(Lock& lock, int count, Pick pick) {
    for (int i = 0; i < count; ++i) {
        const std::string& key = pick(i);
        if constexpr (requires { lock.give(key); }) {
            if constexpr (std::is_void_v<decltype(lock.take(key))>)
                lock.take(key);
            else
                co_await lock.take(key);
            if constexpr (Inside == inside::a_post)
                co_await asio::post(asio::deferred);
            lock.give(key);
        } else {
            const auto held = co_await lock.locks.lock(key, {.wait = Lock::wait});
            if constexpr (Inside == inside::a_post)
                co_await asio::post(asio::deferred);
        }
    }
}

/// All coroutines at one key.
template<class Lock, inside Inside = inside::nothing>
struct one_key {
    explicit one_key(asio::io_context& io) : lock(io) {}
    task work(int count, int) {
        return cycles<Inside>(lock, count, [](int) -> const std::string& { return bench_key; });
    }
    Lock lock;
};

/// The time of one operation, in nanoseconds: `coroutines` coroutines share `operations` of them on one
/// io_context and one thread. `Scene(io)` is made anew each time; `scene.work(count, number)` is what one
/// does.
template<class Scene>
double per_operation(int operations, int coroutines = 1) {
    asio::io_context io(1);
    Scene scene(io);
    const int each = operations / coroutines;
    for (int i = 0; i < coroutines; ++i)
        asio::co_spawn(io, scene.work(each, i), must_succeed);
    const auto start = std::chrono::steady_clock::now();
    io.run();
    const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
    return elapsed.count() / (each * coroutines);
}

/// A timer that is armed in an io_context, and so has it poll its reactor, as most servers' do.
struct armed_timer {
    explicit armed_timer(asio::io_context& io) : timer(io, 24h) {
        timer.async_wait([](boost::system::error_code) {});
    }
    void cancel() { timer.cancel(); }
    asio::steady_timer timer;
};

} // namespace colock_bench
