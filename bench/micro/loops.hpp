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

namespace colock_bench {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using task = asio::awaitable<void>;

/// 16 bytes, just too long for std::string to keep them inline.
inline const std::string bench_key = "prod_12345678901";

inline void must_succeed(std::exception_ptr error) {
    if (error)
        std::terminate();
}

/// The time of one operation: `coroutines` coroutines share `operations` of them on one io_context and one
/// thread. `scene(io)` is made anew each time; `scene.work(count)` is what a coroutine does.
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
