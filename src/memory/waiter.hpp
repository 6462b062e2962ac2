#pragma once

#include "detail/resumption.hpp"
#include "memory/lock_table.hpp"
#include "memory/records.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <cstdint>
#include <memory>

namespace colock::memory {

/// A call that queues for its keys. It lives in the frame of the coroutine that waits, which the handler in
/// it keeps alive. Whoever takes it out of the queues, under their mutexes, decides how the call ends,
/// exactly once.
class waiter final : public detail::deadline_node {
public:
    /// The request must outlive it.
    waiter(std::shared_ptr<lock_table> table, const lock_request& request);
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    /// Gives back what was granted and has not been taken: when the coroutine is destroyed instead of
    /// resumed.
    ~waiter();

    /// Queues; the handler is posted when the call is decided, never called from here. Once.
    template<class Handler>
    void start(Handler handler) {
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
            slot.template emplace<canceller>(this);
        resume.arm(std::move(handler));
        enqueue();
        // the coroutine may already run elsewhere: nothing of this object may be touched from here on
    }

    /// The outcome, after resumption: throws lock_error, or hands over what was granted.
    [[nodiscard]] acquisition take();

    enum class state_t : unsigned char { idle, queued, done };

    // guarded by the mutexes of the shards, until done
    const lock_request& request;
    const std::uint64_t shards; ///< of its keys
    const bool simple;          ///< a scope's, for one key, exclusive: see hold_record::drop_simply()
    waiter_link* links;         ///< one a key, in the request's order
    time_point since = never;   ///< when it began to wait, if an observer wants to know
    asio::execution_context* context = nullptr;
    detail::resumption resume;
    waiter* next_finished = nullptr;
    boost::system::error_code error;
    acquisition granted;
    state_t state = state_t::idle;

private:
    struct canceller {
        waiter* target;
        explicit canceller(waiter* w) : target(w) {}
        void operator()(asio::cancellation_type type) const noexcept {
            if (type != asio::cancellation_type::none)
                target->cancel();
        }
    };

    void enqueue();
    void cancel() noexcept;
    void give_back() noexcept;

    std::shared_ptr<lock_table> table_;
    waiter_link single_;
    std::unique_ptr<waiter_link[]> several_;
    bool cancelled_late_ = false;
    bool taken_ = false;
};

} // namespace colock::memory
