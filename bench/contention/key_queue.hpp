#pragma once

#include <colock/options.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>

namespace contention {

using colock::lock_mode;

/// Nanoseconds of std::chrono::steady_clock.
using moment = std::int64_t;

/// A call that waits, as the tool sees it from outside.
///
/// Its time is taken before the call is made, so between that time and the moment when the provider has
/// queued it, its thread may be held up and calls of other threads may rightly get in front. It is *known* to
/// be queued as soon as its thread has moved on to another coroutine.
class waiting_call {
public:
    void begin(moment now, moment deadline, lock_mode mode) noexcept {
        at_ = now;
        deadline_ = deadline;
        mode_ = mode;
        known_.store(-++number_, std::memory_order_relaxed);
        overtaken_.store(0, std::memory_order_relaxed);
    }

    [[nodiscard]] moment at() const noexcept { return at_; }
    [[nodiscard]] lock_mode mode() const noexcept { return mode_; }
    [[nodiscard]] std::int64_t number() const noexcept { return number_; }

    /// The thread that made call `number` does something else now.
    void moved_on(std::int64_t number, moment now) noexcept {
        std::int64_t expected = -number;
        known_.compare_exchange_strong(expected, now, std::memory_order_relaxed);
    }

    /// Whether it was surely queued at `then`: known to be, or made this long before by a thread that has
    /// been idle since.
    [[nodiscard]] bool queued_at(moment then) const noexcept {
        const std::int64_t known = known_.load(std::memory_order_relaxed);
        return (known >= 0 && known <= then) || at_ + idle_slack <= then;
    }

    /// Whether its limit has passed, so that it may no longer be in the queue.
    [[nodiscard]] bool may_have_ended(moment now) const noexcept { return now >= deadline_; }

    /// A call that came later was granted first.
    void overtake() noexcept { overtaken_.fetch_add(1, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t overtaken() const noexcept {
        return overtaken_.load(std::memory_order_relaxed);
    }

    static constexpr moment idle_slack = 100'000'000; // threads are held up for tens of ms on a busy machine

private:
    moment at_ = 0;
    moment deadline_ = 0;
    std::int64_t number_ = 0;
    std::atomic<std::int64_t> known_{0}; // when it was known to be queued; before that, minus its number
    std::atomic<std::uint64_t> overtaken_{0};
    lock_mode mode_ = lock_mode::exclusive;
};

/// The latest call of one thread, which becomes known when the thread moves on. Used by that thread only.
class thread_trace {
public:
    void moved_on(moment now) noexcept {
        if (call_)
            call_->moved_on(number_, now);
        call_ = nullptr;
    }
    void called(waiting_call& call) noexcept {
        call_ = &call;
        number_ = call.number();
    }

private:
    waiting_call* call_ = nullptr; // calls belong to workers, which outlive the threads
    std::int64_t number_ = 0;
};

/// The calls that wait for one key, in the order they were made, and the latest release of it: tells whether
/// calls are granted in order, and how long a hand-off takes.
class key_queue {
public:
    /// The place of a call in the queue of one key.
    struct place {
        waiting_call* of = nullptr;
        place* before = nullptr;
        place* after = nullptr;
    };

    /// What a grant means for the queue.
    struct granted {
        waiting_call* overtook = nullptr; ///< it excludes this one, was there before, and has not ended yet
        bool freed = true;                ///< `released` is what let the call in, if that was waiting then
        moment released = 0;              ///< the latest release of one that had excluded it; zero: none
    };

    void join(place& p) noexcept;
    /// The call was granted. `counts`: tell the call that it overtook, if any. Whether that was an inversion
    /// is known when that call ends: it may have been refused already, and not have resumed yet.
    [[nodiscard]] granted take(place& p, moment now, bool counts) noexcept;
    void give_up(place& p, moment now) noexcept; ///< a call that waited leaves, not having been granted
    void leave(place& p) noexcept;               ///< a call leaves that was refused at once
    void release(lock_mode mode, moment now) noexcept;

private:
    class spin_lock {
    public:
        void lock() noexcept {
            for (int spins = 0; taken_.test_and_set(std::memory_order_acquire); ++spins)
                if (spins > 100)
                    std::this_thread::yield();
        }
        void unlock() noexcept { taken_.clear(std::memory_order_release); }

    private:
        std::atomic_flag taken_;
    };

    void unlink(place& p) noexcept;

    spin_lock mutex_;
    place* first_ = nullptr;
    place* last_ = nullptr;
    moment gave_up_ = 0; // the latest
    std::atomic<moment> written_{0};
    std::atomic<moment> read_{0};
};

} // namespace contention
