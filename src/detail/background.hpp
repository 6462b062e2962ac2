#pragma once

#include "detail/context_watch.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <mutex>
#include <optional>

namespace colock::detail {

/// An executor for work that nobody waits for, as long as its context exists. Thread-safe.
class background final : public context_user {
public:
    explicit background(const asio::any_io_executor& executor) : executor_(executor) {
        attach(asio::query(executor, asio::execution::context), executor);
    }
    ~background() { detach(); }

    /// Posts `f(executor)`; drops it if the context is gone.
    template<class Function>
    void post(Function f) noexcept {
        const std::lock_guard lock(mutex_);
        if (executor_)
            asio::post(*executor_, [f = std::move(f), ex = *executor_]() mutable { std::move(f)(ex); });
    }

    std::vector<resumption> forget(asio::execution_context&) noexcept override {
        const std::lock_guard lock(mutex_);
        executor_.reset();
        return {};
    }

private:
    std::mutex mutex_;
    std::optional<asio::any_io_executor> executor_;
};

} // namespace colock::detail
