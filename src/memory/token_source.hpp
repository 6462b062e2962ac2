#pragma once

#include <colock/clock.hpp>

#include <atomic>
#include <cstdint>

namespace colock::memory {

/// Draws fencing tokens: each is greater than all whose drawing had ended when its own began, on whatever
/// thread. (Threads that draw at the same time may get equal ones: a shard sees to it that its own differ.)
///
/// A counter that all threads write to would do, but threads that lock different keys would fight for its
/// cache line. Time does that for free, but reading it costs as much as the rest of taking a lock. So: as
/// long as one thread only has drawn, it counts; from the first draw of a second thread on, all read the
/// clock, for good. The clock is ahead of the counter, which began with it and counts slower than
/// nanoseconds go by.
///
/// Why no token is smaller than an earlier one: the second thread tells of itself before it draws. What the
/// first one draws thereafter, if it can know of the second one's token, it draws from the clock; if it
/// cannot, the two drew at the same time.
class token_source {
public:
    /// On the process's own clock, or (one that may stand still, or be set) counting always.
    token_source(const clock_source& clock, bool real_time);

    /// `now`: the time, where it has been read since the call that draws began, else `never`; it is set if it
    /// is read.
    [[nodiscard]] std::uint64_t next(time_point& now) noexcept {
        if (drawing_.load(std::memory_order_relaxed) != &this_thread)
            return next_among_many(now);
        const std::uint64_t token = last_.load(std::memory_order_relaxed) + 1;
        last_.store(token, std::memory_order_relaxed);
        return token;
    }

private:
    [[nodiscard]] std::uint64_t next_among_many(time_point& now) noexcept;
    [[nodiscard]] std::uint64_t by_clock(time_point& now) const noexcept;

    static constexpr char many = 0;
    static thread_local constinit char this_thread; // its address stands for the thread

    const clock_source& clock_;
    const bool real_time_;
    const std::uint64_t offset_;
    std::atomic<const char*> drawing_{nullptr}; ///< nobody yet, one thread, or `many`
    std::atomic<std::uint64_t> last_{0};        ///< of the one thread, or of the counter
};

} // namespace colock::memory
