#pragma once

#include "detail/resumption.hpp"
#include "memory/lock_table.hpp"
#include "memory/records.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/deferred.hpp>

#include <atomic>
#include <cstdint>
#include <memory>

namespace colock::memory {

/// A call that queues for its keys. It lives in the frame of the coroutine that waits, which the handler in
/// it keeps alive. The table queues it, in the same step that finds the keys held; only then the coroutine
/// suspends. Whoever takes it out of the queues, under their mutexes, decides how the call ends, exactly
/// once.
class waiter final : public detail::deadline_node {
public:
    /// All that is referred to must outlive it. `shards`: of its keys.
    waiter(lock_table& table, const lock_request& request, std::uint64_t shards, acquisition& granted,
           boost::system::error_code& error)
        : request(request), granted(granted), error(error), shards(shards), links(&single_),
          simple(request.keys.size() == 1 && request.scoped && request.mode == lock_mode::exclusive),
          table_(table) {
        rank = rank_wait;
        single_.of = this;
        if (request.keys.size() > 1)
            make_links();
    }
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    /// Gives back what was granted and has not been taken, and leaves the queues: when the coroutine is
    /// destroyed instead of resumed, or never was suspended.
    ~waiter();

    /// To be awaited once: completes, by a post, when the call is decided.
    [[nodiscard]] auto suspended() {
        return asio::async_initiate<const asio::deferred_t, void()>(
            [this](auto&& handler) { start(std::move(handler)); }, asio::deferred);
    }

    /// After that: the outcome, in what the waiter was made with.
    void take();

    /// The call was decided, and the mutexes are unlocked. The waiter may be gone when this returns.
    void decided() noexcept {
        if (phase_.exchange(phase::decided, std::memory_order_acq_rel) == phase::suspended)
            resume.post();
    }

    /// It is in its queues, all of them; under their mutexes.
    void queued() noexcept {
        is_queued = true;
        phase_.store(phase::running, std::memory_order_relaxed);
    }

    // guarded by the mutexes of the shards, while queued
    const lock_request& request;
    acquisition& granted;
    boost::system::error_code& error;
    const std::uint64_t shards; ///< of its keys
    waiter_link* links;         ///< one a key, in the request's order
    time_point since = never;   ///< when it began to wait, if an observer wants to know
    waiter* next_finished = nullptr;
    detail::resumption resume;
    std::atomic<asio::execution_context*> context{nullptr};
    const bool simple; ///< a scope's, for one key, exclusive: see hold_record::drop_simply()
    bool is_queued = false;

private:
    struct canceller {
        waiter* target;
        explicit canceller(waiter* w) : target(w) {}
        void operator()(asio::cancellation_type type) const noexcept {
            if (type != asio::cancellation_type::none)
                target->cancel();
        }
    };

    // It may be decided before its coroutine has suspended; then the coroutine sees to its own completion.
    enum class phase : unsigned char { idle, running, suspended, decided };

    template<class Handler>
    void start(Handler&& handler) {
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
            slot.template emplace<canceller>(this);
        resume.arm(std::move(handler));
        suspend();
        // the coroutine may already run elsewhere: nothing of this object may be touched from here on
    }

    void make_links();
    void suspend();
    void cancel() noexcept;
    void give_back() noexcept;

    bool cancelled_late_ = false;
    bool taken_ = false;
    std::atomic<phase> phase_{phase::idle};
    lock_table& table_;
    waiter_link single_;
    std::unique_ptr<waiter_link[]> several_;
};

/// Room for a waiter that is made only when there is something to wait for. Unlike std::optional's in a
/// coroutine compiled by g++, the room is not cleared first.
class waiting_room {
public:
    waiting_room() noexcept {} // NOLINT(*-member-init)
    waiting_room(const waiting_room&) = delete;
    waiting_room& operator=(const waiting_room&) = delete;
    ~waiting_room() {
        if (waiter_)
            waiter_->~waiter();
    }

    template<class... Arguments>
    waiter& emplace(Arguments&&... arguments) {
        waiter_ = ::new (static_cast<void*>(room_)) waiter(std::forward<Arguments>(arguments)...);
        return *waiter_;
    }
    [[nodiscard]] waiter* operator->() noexcept { return waiter_; }

private:
    waiter* waiter_ = nullptr;
    alignas(waiter) std::byte room_[sizeof(waiter)];
};

} // namespace colock::memory
