#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <variant>

namespace colock_test {

namespace asio = boost::asio;

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

} // namespace colock_test
