#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace colock::detail {

namespace asio = boost::asio;

/// Calls `f` with the concrete executor where it is one of the common ones, else with `ex`: that saves the
/// type-erased path, the greatest single cost of a hand-off.
template<class Function>
decltype(auto) with_concrete(const asio::any_io_executor& ex, Function f) {
    if (const auto* io = ex.target<asio::io_context::executor_type>())
        return f(*io);
    if (const auto* pool = ex.target<asio::thread_pool::executor_type>())
        return f(*pool);
    return f(ex);
}

/// Posts `f` to `ex`, never running it inline.
template<class Executor, class Function>
void post_to(const Executor& ex, Function&& f) {
    if constexpr (std::is_same_v<Executor, asio::any_io_executor>)
        asio::post(ex, std::forward<Function>(f));
    else
        asio::require(ex, asio::execution::blocking.never).execute(std::forward<Function>(f));
}

/// How to resume a suspended coroutine, once: its completion handler, kept where the coroutine's frame has
/// room for it. A coroutine that is spawned counts as work of its executor until it ends, so nothing is
/// tracked here.
class resumption {
public:
    resumption() = default;
    resumption(resumption&& other) noexcept { take(other); }
    resumption& operator=(resumption&&) = delete;
    ~resumption() { destroy(); }

    [[nodiscard]] bool armed() const noexcept { return operations_ != nullptr; }

    template<class Handler>
    void arm(Handler&& handler) {
        static_assert(!std::is_reference_v<Handler>, "give the handler away");
        static_assert(sizeof(Handler) <= sizeof storage_ && alignof(Handler) <= alignof(void*));
        with_concrete(asio::get_associated_executor(handler), [this]<class Executor>(const Executor& ex) {
            context_ = &asio::query(ex, asio::execution::context);
            operations_ = &operations_of<Handler, Executor>;
        });
        ::new (static_cast<void*>(storage_)) Handler(std::move(handler));
    }

    /// Where the coroutine runs. Only while armed.
    [[nodiscard]] asio::any_io_executor executor() const noexcept { return operations_->executor(storage_); }
    [[nodiscard]] asio::execution_context& context() const noexcept { return *context_; }

    /// Resumes the coroutine on its own executor. The object must be armed, and may be gone when this
    /// returns.
    void post() noexcept { std::exchange(operations_, nullptr)->post(storage_, *context_); }

    /// Destroys the coroutine, if armed.
    void destroy() noexcept {
        if (operations_)
            std::exchange(operations_, nullptr)->destroy(storage_);
    }

private:
    struct operations {
        asio::any_io_executor (*executor)(const void*) noexcept;
        void (*post)(void*, asio::execution_context&) noexcept;
        void (*move)(void*, void*) noexcept;
        void (*destroy)(void*) noexcept;
    };

    template<class Handler, class Executor>
    static constexpr operations operations_of = {
        [](const void* p) noexcept -> asio::any_io_executor {
            return asio::get_associated_executor(*static_cast<const Handler*>(p));
        },
        [](void* p, asio::execution_context& where) noexcept {
            auto* stored = static_cast<Handler*>(p);
            Handler handler(std::move(*stored));
            stored->~Handler();
            if constexpr (std::is_same_v<Executor, asio::io_context::executor_type>) {
                post_to(static_cast<asio::io_context&>(where).get_executor(), std::move(handler));
            } else if constexpr (std::is_same_v<Executor, asio::thread_pool::executor_type>) {
                post_to(static_cast<asio::thread_pool&>(where).get_executor(), std::move(handler));
            } else {
                const asio::any_io_executor ex = asio::get_associated_executor(handler);
                post_to(ex, std::move(handler));
            }
        },
        [](void* from, void* to) noexcept {
            auto* stored = static_cast<Handler*>(from);
            ::new (to) Handler(std::move(*stored));
            stored->~Handler();
        },
        [](void* p) noexcept {
            auto* stored = static_cast<Handler*>(p);
            // out of the storage first: it is part of the frame that the handler destroys
            const Handler handler(std::move(*stored));
            stored->~Handler();
        },
    };

    void take(resumption& other) noexcept {
        if (other.operations_) {
            other.operations_->move(other.storage_, storage_);
            operations_ = std::exchange(other.operations_, nullptr);
            context_ = other.context_;
        }
    }

    alignas(void*) std::byte storage_[2 * sizeof(void*)];
    const operations* operations_ = nullptr;
    asio::execution_context* context_ = nullptr;
};

} // namespace colock::detail
