#pragma once

#include "client.hpp"

#include <colock/grant.hpp>
#include <colock/guard.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace seat_service {

/// Names a connection; zero is none.
using connection_id = std::uint64_t;

/// A lock that a client was given.
struct held_lock {
    colock::grant grant;
    colock::guard guard; ///< empty: the grant is all there is, and it expires
    identity_ptr who;
    std::string owner;            ///< as its identity calls it; empty: the connection
    connection_id connection = 0; ///< with which it ends; zero: with its expiry alone
    std::weak_ptr<client> taker;  ///< who is told if it is lost
    bool in_use = false;          ///< a sale runs under it
};

/// The locks that clients hold, by the names they were told. What is here is held, as far as is known: an
/// entry goes when its lock is released, expires or is lost.
///
/// Thread-safe.
class lock_directory {
public:
    lock_directory();

    /// The name of a lock, which tells nothing and cannot be guessed; always the same for the same grant.
    [[nodiscard]] std::string name_of(const colock::grant& held) const;

    /// Adds a lock, or replaces it, if its owner has acquired again what it held. Returns its name, and
    /// whether it is the earliest to expire.
    std::pair<std::string, bool> add(held_lock what);

    /// Takes a lock out: of several that want to release it, one succeeds.
    [[nodiscard]] std::optional<held_lock> take(const std::string& name, const identity& who);
    [[nodiscard]] std::optional<held_lock> take(const std::string& name);

    /// All that a connection holds.
    [[nodiscard]] std::vector<held_lock> take_all(connection_id connection);
    /// All that the named owners of an identity hold; or, if `owner` is not empty, that one.
    [[nodiscard]] std::vector<held_lock> take_all(const identity& who, std::string_view owner);
    /// What has expired, with its names.
    [[nodiscard]] std::vector<std::pair<std::string, held_lock>> take_expired(colock::time_point now);

    struct found_lock {
        colock::grant grant;
        bool expires; ///< it is not a guard's
    };
    /// Nothing if it is not there, or another's.
    [[nodiscard]] std::optional<found_lock> find(const std::string& name, const identity& who) const;
    /// Its grant has another end now. Returns whether it is the earliest to expire.
    bool prolong(const std::string& name, const colock::grant& changed);

    /// Marks a lock as in use, until leave().
    /// \throws failure lease_lost: not there, or another's; already_locked: in use already
    [[nodiscard]] colock::grant enter(const std::string& name, const identity& who);
    /// Whether the lock is still there.
    [[nodiscard]] bool is_held(const std::string& name) const;
    void leave(const std::string& name);

    /// Locks of a connection, and of an identity's named owners.
    [[nodiscard]] std::size_t count(connection_id connection) const;
    [[nodiscard]] std::size_t count(const identity& who) const;
    [[nodiscard]] std::size_t size() const;

    /// When the next lock expires; `never` if none does.
    [[nodiscard]] colock::time_point next_expiry() const;

private:
    using locks = std::unordered_map<std::string, held_lock>;
    /// Whose it is: a connection's, with which it ends, or of the named owners of an identity.
    using holder = std::pair<connection_id, std::string>;

    [[nodiscard]] static holder holder_of(const held_lock& lock);
    [[nodiscard]] std::size_t count_of(const holder& who) const;
    /// Whether it is now the first to expire.
    bool add_expiry(colock::time_point at, const std::string& name);
    held_lock remove(locks::iterator at);
    std::vector<held_lock> remove_all(const holder& who, std::string_view owner);

    const std::string secret_;
    mutable std::mutex mutex_;
    locks locks_;
    std::map<holder, std::set<std::string>> by_holder_;
    std::set<std::pair<colock::time_point, std::string>> by_expiry_;
};

} // namespace seat_service
