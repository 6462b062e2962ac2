#pragma once

#include <colock/provider.hpp>

#include <cstdint>

namespace colock {

/// What the job of an `execute` may ask about the lock it runs under: `[](colock::lease& l) ->
/// awaitable<int>`. It lives as long as the job.
///
/// Thread safety: all members are safe to call at once.
class lease {
public:
    /// For `execute`.
    lease(const hold& held, std::uint64_t token, clock_source& clock, time_point deadline) noexcept
        : held_(held), token_(token), clock_(clock), deadline_(deadline) {}
    lease(const lease&) = delete;
    lease& operator=(const lease&) = delete;

    /// The fencing token, see grant::token().
    [[nodiscard]] std::uint64_t token() const noexcept { return token_; }

    /// What is held, as a value.
    [[nodiscard]] colock::grant grant() const { return held_.describe(); }

    /// Whether the lock has been lost. The job is cancelled then, but may want to look before it writes.
    [[nodiscard]] bool lost() const noexcept { return held_.state() != loss::none; }

    /// How long the job may still run: until its timeout, or until the lock would be lost unless it is
    /// renewed, whichever is first. Zero when that time has come; `forever` without a limit.
    [[nodiscard]] duration remaining() const noexcept;

private:
    const hold& held_;
    std::uint64_t token_;
    clock_source& clock_;
    time_point deadline_;
};

} // namespace colock
