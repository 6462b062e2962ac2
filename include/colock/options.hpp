#pragma once

#include <colock/clock.hpp>

#include <optional>
#include <string_view>
#include <type_traits>

namespace colock {

/// Who may be beside whom.
enum class lock_mode : unsigned char {
    exclusive, ///< alone
    shared,    ///< with other shared holders; a writer that waits is not overtaken by later readers
};

// The option structs are aggregates, for designated initialisers: `{.owner = "user_123", .expire = 60s}`. The
// strings they refer to need to live only as long as the call expression: every function copies them before
// it returns. They must stay trivially destructible: g++ 12 destroys twice any temporary aggregate that owns
// something inside a co_await expression.

/// For locking_service::acquire and try_acquire.
struct acquire_options {
    /// Who takes the lock; any bytes, at most max_name_length. Empty: nobody in particular. What an owner
    /// holds, the same owner acquires again at once.
    std::string_view owner{};
    /// The lock ends by itself this long after it was granted (or acquired again). Absent: it stays until it
    /// is released, or what a hold acquired again has. `forever`: never. Must be positive.
    std::optional<duration> expire = {};
    /// How long to queue for keys that are held. Zero: not at all. `forever`: without a limit.
    duration wait = duration::zero();
    lock_mode mode = lock_mode::exclusive;
    /// Id of the provider to use; empty: the default one.
    std::string_view provider{};
};

/// For locking_service::lock and try_lock.
struct lock_options {
    /// How long to queue for keys that are held. Absent: 5 s for `lock`, not at all for `try_lock`.
    std::optional<duration> wait = {};
    /// The length of the lease that is kept renewed while the guard lives, on providers outside the process.
    /// The in-memory provider needs none.
    duration expire = std::chrono::seconds(30);
    lock_mode mode = lock_mode::exclusive;
    std::string_view provider{}; ///< as in acquire_options
};

/// For locking_service::execute.
struct execute_options {
    /// One limit for the whole call, waiting and running. Zero or negative: 5 s. `forever`: none.
    duration timeout = std::chrono::seconds(5);
    /// A limit for the waiting alone. Zero: fail at once when the lock is held. Absent: only `timeout`
    /// counts.
    std::optional<duration> wait = {};
    duration expire = std::chrono::seconds(30); ///< as in lock_options
    /// How much longer than `timeout` a job that was cancelled may hold the lock while it unwinds.
    duration grace = std::chrono::seconds(1);
    lock_mode mode = lock_mode::exclusive;
    std::string_view provider{}; ///< as in acquire_options
};

/// For locking_service::release.
struct release_options {
    /// Whose locks; empty: those that nobody in particular holds.
    std::string_view owner{};
    std::string_view provider{}; ///< as in acquire_options
};

/// For locking_service::release_all.
struct release_all_options {
    /// Whose locks. Absent: everybody's. Present but empty is refused, because an owner's name that was empty
    /// by mistake must not release everybody's locks.
    std::optional<std::string_view> owner = {};
    std::string_view provider{}; ///< as in acquire_options
};

/// For locking_service::list.
struct list_options {
    std::string_view prefix = {};               ///< only keys that begin with it
    std::optional<std::string_view> owner = {}; ///< only keys that this owner holds
    std::string_view provider{};                ///< as in acquire_options
};

static_assert(std::is_trivially_destructible_v<acquire_options>);
static_assert(std::is_trivially_destructible_v<lock_options>);
static_assert(std::is_trivially_destructible_v<execute_options>);
static_assert(std::is_trivially_destructible_v<release_options>);
static_assert(std::is_trivially_destructible_v<release_all_options>);
static_assert(std::is_trivially_destructible_v<list_options>);

} // namespace colock
