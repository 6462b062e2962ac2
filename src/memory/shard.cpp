#include "memory/shard.hpp"

#include "memory/transaction.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace colock::memory {
namespace {

std::size_t size_class(std::size_t length) noexcept {
    return length <= 24 ? 0 : (length - 9) / 16;
}

} // namespace

record_pool::~record_pool() {
    for (idle_entries& idle : idle_)
        while (entry* e = idle.first) {
            idle.first = e->next_in_bucket;
            free(e);
        }
}

entry* record_pool::make_entry(std::string_view name, std::size_t hash, shard& home) {
    const std::size_t kind = size_class(name.size());
    entry* e = nullptr;
    if (kind < idle_.size() && idle_[kind].first) {
        e = idle_[kind].first;
        idle_[kind].first = e->next_in_bucket;
        --idle_[kind].length;
    } else {
        e = ::new (::operator new(sizeof(entry) + 24 + 16 * kind)) entry;
        e->home = &home;
    }
    e->hash = hash;
    e->length = static_cast<std::uint16_t>(name.size());
    std::memcpy(static_cast<void*>(e + 1), name.data(), name.size());
    return e;
}

void record_pool::recycle(entry* e) noexcept {
    const std::size_t kind = size_class(e->length);
    if (kind >= idle_.size() || idle_[kind].length == most_idle)
        return free(e);
    e->next_in_bucket = idle_[kind].first;
    idle_[kind].first = e;
    ++idle_[kind].length;
}

void record_pool::free(entry* e) noexcept {
    e->~entry();
    ::operator delete(static_cast<void*>(e));
}

entry& shard::add_entry(std::string_view key, std::size_t hash) {
    entry& e = *pool.make_entry(key, hash, *this);
    entries.insert(e);
    return e;
}

owner_record& shard::obtain_owner(std::string_view owner) {
    if (owner_record* known = find_owner(owner))
        return *known;
    auto made = std::make_unique<owner_record>();
    made->hash = key_set::hash_of(owner);
    made->owner = owner;
    owners.insert(*made);
    return *made.release();
}

hold_record& shard::add_hold(entry& e, const lock_request& request, std::uint64_t token, time_point since,
                             time_point end) {
    hold_record& held = *pool.make_hold(e);
    held.rank = rank_expiry;
    held.mode = request.mode;
    held.granted_by = static_cast<std::uint8_t>(index);
    held.born = token;
    held.linked = true;
    e.holds.push_back(held);
    if (!request.owner.empty()) {
        held.owner = &obtain_owner(request.owner);
        held.owner->holds.push_back(held);
    }
    if (request.scoped) {
        held.pinned = true;
        ++e.pins;
        ++pinned;
    }
    begin_hold(held, request, token, since, end);
    return held;
}

void shard::begin_hold(hold_record& held, const lock_request& request, std::uint64_t token, time_point since,
                       time_point end) {
    held.token = token;
    held.since = since;
    last_token = token;
    if (end != held.at)
        set_expiry(held, end, end == request.hold_until);
}

void shard::set_expiry(hold_record& held, time_point at, bool overdue) {
    held.overdue_end = overdue;
    if (at == never) {
        deadlines.erase(held);
        held.at = never;
    } else {
        deadlines.push(held, at);
    }
}

} // namespace colock::memory
