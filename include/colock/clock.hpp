#pragma once

#include <colock/detail/deadline_heap.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

namespace colock {

/// Something to be done at a point in time. It belongs to one clock_source at a time.
class alarm : private detail::deadline_node {
public:
    alarm() = default;
    alarm(const alarm&) = delete;
    alarm& operator=(const alarm&) = delete;

    /// Called once for each time it was scheduled, without any of the clock's locks held. It must not block,
    /// and may schedule alarms but cancel none, except itself.
    virtual void on_alarm() noexcept = 0;

protected:
    ~alarm() = default;

private:
    friend class manual_clock;
    friend class steady_alarm_clock;
    friend class boottime_alarm_clock;
};

/// Where a provider gets the time and its wake-ups from. The default is steady_clock_source(); tests inject a
/// manual_clock. Thread-safe.
class clock_source {
public:
    virtual ~clock_source() = default;

    /// The current time; never goes back.
    [[nodiscard]] virtual time_point now() const noexcept = 0;

    /// The time a moment ago, where that is cheaper to tell: never ahead of now(), nor further behind than
    /// `coarseness`.
    [[nodiscard]] virtual time_point coarse_now() const noexcept { return now(); }
    static constexpr duration coarseness = std::chrono::milliseconds(20); // twice the slowest kernel's tick

    /// Whether `at` may have come; true some milliseconds early, now and then.
    [[nodiscard]] bool may_be_due(time_point at) const noexcept {
        return at != never && at <= saturated_add(coarse_now(), coarseness);
    }
    /// Whether now() is after `at`. Cheap if it is not by far.
    [[nodiscard]] bool is_past(time_point at) const noexcept { return may_be_due(at) && now() > at; }

    /// Calls `a.on_alarm()` once, at `at` or as soon after it as possible; replaces an earlier schedule of
    /// `a`.
    virtual void schedule(alarm& a, time_point at) = 0;

    /// When this returns, `a.on_alarm()` is not running and will not run, but for the call that it is made
    /// from, if any: an alarm may cancel itself, but no other. Never call it with a lock held that an alarm
    /// takes.
    virtual void cancel(alarm& a) noexcept = 0;
};

/// The process's monotonic clock (`std::chrono::steady_clock`), shared by all that hold it. It sleeps on a
/// thread of its own, which starts with the first alarm and ends with the last holder: an armed deadline
/// neither counts as work of the user's `io_context` nor makes it poll its reactor, and lock expiry does not
/// wait for a busy event loop.
[[nodiscard]] std::shared_ptr<clock_source> steady_clock_source();

/// The time since the machine was started, the time it was suspended included (CLOCK_BOOTTIME): what leases
/// that another machine grants are measured with. Shared, and with a thread of its own, as
/// steady_clock_source(). Where there is no such clock, it is that one.
[[nodiscard]] std::shared_ptr<clock_source> boottime_clock_source();

/// A clock that stands still until it is told to move. For tests. Thread-safe.
class manual_clock final : public clock_source {
public:
    explicit manual_clock(time_point start = time_point{std::chrono::hours{1}}) : now_(start) {}

    [[nodiscard]] time_point now() const noexcept override;
    void schedule(alarm& a, time_point at) override;
    void cancel(alarm& a) noexcept override;

    /// Moves the time on by `span`, stopping at each alarm that falls due on the way to run it, in the order
    /// of their times, on the calling thread.
    void advance(duration span);

private:
    mutable std::mutex mutex_;
    std::mutex running_; // held while an alarm runs, so that cancel() can wait for it
    std::atomic<std::thread::id> runs_on_{};
    time_point now_;
    detail::deadline_heap alarms_;
};

} // namespace colock
