#pragma once

#include <colock/clock.hpp>
#include <colock/error.hpp>
#include <colock/options.hpp>

#include <cstdint>
#include <exception>
#include <string_view>

namespace colock {

/// What happened to a key.
enum class lock_event_kind : unsigned char {
    granted,   ///< to a call; `elapsed`: how long it had waited
    renewed,   ///< acquired again by its owner, or extended
    refused,   ///< held, and the call was not to wait
    queued,    ///< a call began to wait
    timed_out, ///< a call gave up; `elapsed`: how long it had waited
    cancelled, ///< a call was cancelled (or its executor went away); `elapsed`: how long it had waited
    released,  ///< `elapsed`: how long it was held
    expired,   ///< `elapsed`: how long it was held
    revoked,   ///< taken away by `release_all` or `close`; `elapsed`: how long it was held
};

[[nodiscard]] std::string_view to_string(lock_event_kind kind) noexcept;

/// One event of one key. The strings live only during the call.
struct lock_event {
    lock_event_kind kind;
    lock_mode mode;
    std::string_view key;
    std::string_view owner;
    std::uint64_t token; ///< zero for events of calls that hold nothing
    duration elapsed;
    std::size_t waiters; ///< calls queued for the key after the event
};

/// Told of what happens, for metrics, logs and pages. Its functions are called on whichever thread caused the
/// event, outside the library's locks, possibly several at once; the events of one key may arrive out of
/// order when several threads cause them. They must not block; they may call the library.
class observer {
public:
    virtual ~observer() = default;
    virtual void on_event(const lock_event& event) noexcept { (void)event; }

    /// An error that no caller sees: a release that failed after its job had ended, or in the background.
    virtual void on_error(const std::exception_ptr& error) noexcept { (void)error; }
};

} // namespace colock
