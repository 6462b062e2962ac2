#include "memory/token_source.hpp"

namespace colock::memory {
namespace {

std::uint64_t nanoseconds(auto since_epoch) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<duration>(since_epoch).count());
}

} // namespace

thread_local constinit char token_source::this_thread = 0;

// Wall-clock time, so that tokens go on growing in the next process.
token_source::token_source(const clock_source& clock, bool real_time)
    : clock_(clock), real_time_(real_time),
      offset_(nanoseconds(std::chrono::system_clock::now().time_since_epoch()) -
              (real_time ? nanoseconds(clock.now().time_since_epoch()) : 0)) {
    if (!real_time)
        last_.store(offset_, std::memory_order_relaxed);
}

std::uint64_t token_source::next_among_many(time_point& now) noexcept {
    if (!real_time_)
        return last_.fetch_add(1, std::memory_order_relaxed) + 1;
    const char* drawing = drawing_.load(std::memory_order_relaxed);
    if (drawing == nullptr && drawing_.compare_exchange_strong(drawing, &this_thread)) {
        const std::uint64_t token = by_clock(now);
        last_.store(token, std::memory_order_relaxed);
        return token;
    }
    if (drawing == &many)
        return by_clock(now);
    drawing_.exchange(&many); // before the clock is read
    now = never;
    return by_clock(now);
}

std::uint64_t token_source::by_clock(time_point& now) const noexcept {
    if (now == never)
        now = clock_.now();
    return offset_ + nanoseconds(now.time_since_epoch());
}

} // namespace colock::memory
