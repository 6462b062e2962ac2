#pragma once

#include "detail/resumption.hpp"

#include <boost/asio/execution_context.hpp>

#include <array>
#include <atomic>
#include <vector>

namespace colock::detail {

/// Something that keeps coroutines suspended, and must let go of them before their execution context is
/// destroyed: the context would not know of them. It is known to a context from the first wait there until
/// one of the two is gone, by a service in the context, as Asio's own channels do it.
class context_user {
public:
    context_user(const context_user&) = delete;
    context_user& operator=(const context_user&) = delete;

    /// Ends all waits of coroutines that run in the context, and returns them for destruction. When this
    /// returns, no thread is about to post to the context on this object's behalf.
    virtual std::vector<resumption> forget(asio::execution_context& context) noexcept = 0;

    /// Has forget() called in time, for the context of a coroutine that will wait. Cheap for contexts it
    /// knows.
    void attach(asio::execution_context& context, const resumption& waiting) {
        if (!knows(context))
            attach(context, waiting.executor());
    }
    void attach(asio::execution_context& context, const asio::any_io_executor& executor);

protected:
    context_user() = default;
    ~context_user() = default;

    /// To be called by the destructor of the final class: forget() is not called after it.
    void detach() noexcept;

private:
    friend class context_watch;
    void gone(asio::execution_context& context) noexcept;
    [[nodiscard]] bool knows(const asio::execution_context& context) const noexcept {
        for (const auto& known : known_)
            if (known.load(std::memory_order_relaxed) == &context)
                return true;
        return false;
    }

    // Guarded by one mutex for all; the first few contexts are also where every wait can see them without it.
    std::vector<asio::execution_context*> contexts_;
    std::array<std::atomic<asio::execution_context*>, 8> known_{};
};

} // namespace colock::detail
