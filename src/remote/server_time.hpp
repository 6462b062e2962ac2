#pragma once

#include <colock/clock.hpp>

#include <cstdint>

// Times and spans as backends keep them: microseconds, by the server's clock.

namespace colock::remote {

/// Longer than this is no limit: a time that far away must be exact in any backend's numbers.
inline constexpr duration longest_span = std::chrono::hours(24 * 365 * 100);
/// A message that arrives later than this does not count any more.
inline constexpr duration message_lifetime = std::chrono::seconds(30);
/// Microseconds by which our idea of the server's clock may be wrong.
inline constexpr std::int64_t clock_slack = 5000;

/// Rounded up.
[[nodiscard]] constexpr std::int64_t microseconds(duration span) noexcept {
    return (span.count() + 999) / 1000;
}

/// In microseconds; `endless` if it is no limit.
[[nodiscard]] constexpr std::int64_t span_or(std::int64_t endless, duration span) noexcept {
    return span >= longest_span ? endless : microseconds(span);
}

/// The time left, as backends tell it: negative means that there is no end.
[[nodiscard]] constexpr duration remaining(std::int64_t span) noexcept {
    return span < 0 ? forever : duration(std::chrono::microseconds(span));
}

/// The server's clock as far as it can be known here, between when a message was sent and when its answer
/// came. Microseconds since the epoch.
class server_clock {
public:
    void observe(std::int64_t server, time_point sent, time_point received) noexcept;
    [[nodiscard]] std::int64_t at(time_point when) const noexcept;
    /// Of a wait that was asked for at `sent_at`. Zero: none.
    [[nodiscard]] std::int64_t deadline(time_point when, time_point sent_at) const noexcept {
        return when >= saturated_add(sent_at, longest_span) ? 0 : at(when) + clock_slack;
    }

private:
    std::int64_t ahead_ = 0; // of our clock
};

} // namespace colock::remote
