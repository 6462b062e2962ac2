#pragma once

#include <colock/colock.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
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

namespace asio = boost::asio;
using namespace std::chrono_literals;
using colock::errc;

/// A coroutine that was started, and how it ended. It may be cancelled, and outlives its io_context if need
/// be.
template<class T>
class started {
public:
    using value_type = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

    [[nodiscard]] bool done() const { return state_->value || state_->error; }
    [[nodiscard]] bool failed() const { return bool(state_->error); }

    /// What it completed with; throws what it threw. Only when done.
    value_type& get() {
        if (state_->error)
            std::rethrow_exception(state_->error);
        return state_->value.value();
    }

    /// The code it failed with; success if it did not.
    [[nodiscard]] boost::system::error_code error() const {
        if (!state_->error)
            return {};
        try {
            std::rethrow_exception(state_->error);
        } catch (const boost::system::system_error& e) {
            return e.code();
        }
    }

    void cancel(asio::cancellation_type type = asio::cancellation_type::terminal) {
        state_->signal.emit(type);
    }

private:
    template<class U, class Executor>
    friend started<U> start(const Executor& ex, asio::awaitable<U> work);

    struct state {
        asio::cancellation_signal signal;
        std::optional<value_type> value;
        std::exception_ptr error;
    };
    std::shared_ptr<state> state_ = std::make_shared<state>();
};

/// Starts a coroutine on an executor.
template<class T, class Executor>
started<T> start(const Executor& ex, asio::awaitable<T> work) {
    started<T> result;
    const auto slot = result.state_->signal.slot();
    if constexpr (std::is_void_v<T>)
        asio::co_spawn(ex, std::move(work),
                       asio::bind_cancellation_slot(slot, [state = result.state_](std::exception_ptr e) {
                           state->error = e;
                           if (!e)
                               state->value.emplace();
                       }));
    else
        asio::co_spawn(
            ex, std::move(work),
            asio::bind_cancellation_slot(slot, [state = result.state_](std::exception_ptr e, T value) {
                state->error = e;
                if (!e)
                    state->value.emplace(std::move(value));
            }));
    return result;
}

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
