#include "lock_directory.hpp"

#include "fault.hpp"
#include "secrets.hpp"

namespace seat_service {
namespace {

constexpr std::size_t name_length = 32;

} // namespace

lock_directory::lock_directory() : secret_(random_hex(32)) {}

std::string lock_directory::name_of(const colock::grant& held) const {
    return sha256(secret_ + to_string(held.id())).substr(0, name_length);
}

lock_directory::holder lock_directory::holder_of(const held_lock& lock) {
    return {lock.connection, lock.connection != 0 ? std::string() : lock.who->id};
}

std::pair<std::string, bool> lock_directory::add(held_lock what) {
    std::string name = name_of(what.grant);
    const std::lock_guard lock(mutex_);
    if (const auto old = locks_.find(name); old != locks_.end()) {
        what.in_use = old->second.in_use;
        remove(old);
    }
    const auto at = locks_.try_emplace(name, std::move(what)).first;
    by_holder_[holder_of(at->second)].insert(name);
    const bool is_first = !at->second.guard && at->second.grant.expires_at() != colock::never &&
                          add_expiry(at->second.grant.expires_at(), name);
    return {std::move(name), is_first};
}

bool lock_directory::add_expiry(colock::time_point at, const std::string& name) {
    const auto added = by_expiry_.emplace(at, name).first;
    return added == by_expiry_.begin(); // begin() only now: operands of == are evaluated in any order
}

held_lock lock_directory::remove(locks::iterator at) {
    by_expiry_.erase({at->second.grant.expires_at(), at->first});
    const auto of_holder = by_holder_.find(holder_of(at->second));
    of_holder->second.erase(at->first);
    if (of_holder->second.empty())
        by_holder_.erase(of_holder);
    held_lock result = std::move(at->second);
    locks_.erase(at);
    return result;
}

std::optional<held_lock> lock_directory::take(const std::string& name, const identity& who) {
    const std::lock_guard lock(mutex_);
    const auto at = locks_.find(name);
    if (at == locks_.end() || at->second.who->id != who.id)
        return std::nullopt;
    return remove(at);
}

std::optional<held_lock> lock_directory::take(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto at = locks_.find(name);
    if (at == locks_.end())
        return std::nullopt;
    return remove(at);
}

std::vector<held_lock> lock_directory::remove_all(const holder& who, std::string_view owner) {
    std::vector<held_lock> result;
    const auto of_holder = by_holder_.find(who);
    if (of_holder == by_holder_.end())
        return result;
    const std::set<std::string> names = of_holder->second;
    for (const std::string& name : names) {
        const auto at = locks_.find(name);
        if (owner.empty() || at->second.owner == owner)
            result.push_back(remove(at));
    }
    return result;
}

std::vector<held_lock> lock_directory::take_all(connection_id connection) {
    const std::lock_guard lock(mutex_);
    return remove_all({connection, {}}, {});
}

std::vector<held_lock> lock_directory::take_all(const identity& who, std::string_view owner) {
    const std::lock_guard lock(mutex_);
    return remove_all({0, who.id}, owner);
}

std::vector<std::pair<std::string, held_lock>> lock_directory::take_expired(colock::time_point now) {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<std::string, held_lock>> result;
    while (!by_expiry_.empty() && by_expiry_.begin()->first <= now) {
        std::string name = by_expiry_.begin()->second;
        held_lock expired = remove(locks_.find(name));
        result.emplace_back(std::move(name), std::move(expired));
    }
    return result;
}

std::optional<lock_directory::found_lock> lock_directory::find(const std::string& name,
                                                               const identity& who) const {
    const std::lock_guard lock(mutex_);
    const auto at = locks_.find(name);
    if (at == locks_.end() || at->second.who->id != who.id)
        return std::nullopt;
    return found_lock{at->second.grant, !at->second.guard};
}

bool lock_directory::prolong(const std::string& name, const colock::grant& changed) {
    const std::lock_guard lock(mutex_);
    const auto at = locks_.find(name);
    if (at == locks_.end())
        return false;
    by_expiry_.erase({at->second.grant.expires_at(), name});
    at->second.grant = changed;
    return add_expiry(changed.expires_at(), name);
}

colock::grant lock_directory::enter(const std::string& name, const identity& who) {
    const std::lock_guard lock(mutex_);
    const auto at = locks_.find(name);
    if (at == locks_.end() || at->second.who->id != who.id)
        throw failure(fault::lease_lost, "you hold no lock of that name");
    if (std::exchange(at->second.in_use, true))
        throw failure(fault::already_locked, "another request is using that lock",
                      at->second.grant.keys().to_vector());
    return at->second.grant;
}

bool lock_directory::is_held(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    return locks_.contains(name);
}

void lock_directory::leave(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto at = locks_.find(name);
    if (at != locks_.end())
        at->second.in_use = false;
}

std::size_t lock_directory::count_of(const holder& who) const {
    const std::lock_guard lock(mutex_);
    const auto of_holder = by_holder_.find(who);
    return of_holder == by_holder_.end() ? 0 : of_holder->second.size();
}

std::size_t lock_directory::count(connection_id connection) const {
    return count_of({connection, {}});
}

std::size_t lock_directory::count(const identity& who) const {
    return count_of({0, who.id});
}

std::size_t lock_directory::size() const {
    const std::lock_guard lock(mutex_);
    return locks_.size();
}

colock::time_point lock_directory::next_expiry() const {
    const std::lock_guard lock(mutex_);
    return by_expiry_.empty() ? colock::never : by_expiry_.begin()->first;
}

} // namespace seat_service
