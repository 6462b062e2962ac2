#pragma once

#include "started.hpp"

#include <colock/colock.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

namespace colock_test {

using namespace std::chrono_literals;
using colock::errc;

/// A service on one io_context, whose in-memory provider runs on a clock that the test moves. Nothing happens
/// but in run(): each test steps from one state to the next, without sleeping.
struct world {
    explicit world(colock::memory_provider_options options = {});

    void run(); ///< what is ready

    /// Does something on the io_context, and then what follows from it. There a cancellation takes effect at
    /// once, before completions that were posted earlier.
    template<class Function>
    void inside(Function f) {
        asio::post(io, std::move(f));
        run();
    }

    void advance(colock::duration span);

    template<class T>
    started<T> start(asio::awaitable<T> work) {
        auto result = colock_test::start(io.get_executor(), std::move(work));
        run();
        return result;
    }

    /// Starts a coroutine that must complete without any more ado, and returns or throws its outcome.
    template<class T>
    auto now(asio::awaitable<T> work) {
        auto result = start(std::move(work));
        if (!result.done())
            throw std::logic_error("the operation is still pending");
        if constexpr (std::is_void_v<T>)
            result.get();
        else
            return std::move(result.get());
    }

    [[nodiscard]] std::size_t held(); ///< keys that are held or waited for

    std::shared_ptr<colock::manual_clock> clock = std::make_shared<colock::manual_clock>();
    asio::io_context io;
    std::optional<colock::locking_service> locks{std::in_place, io.get_executor()};
    colock::memory_provider* memory = nullptr;
};

/// Never ends but by cancellation.
asio::awaitable<void> endless();

/// Whether a call throws a lock_error of this code.
template<class Function>
bool fails_with(errc code, Function f) {
    try {
        f();
    } catch (const colock::lock_error& e) {
        return e.code() == code;
    }
    return false;
}

} // namespace colock_test
