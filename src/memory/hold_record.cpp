#include "memory/transaction.hpp"

#include <algorithm>
#include <mutex>

namespace colock::memory {

std::uint64_t hold_record::shards() const noexcept {
    std::uint64_t mask = 0;
    for (const hold_record* h = this; h; h = h->next_key)
        mask |= std::uint64_t{1} << h->of->home->index;
    return mask;
}

grant hold_record::describe() const {
    lock_table& table = *of->home->table;
    const transaction step(table, shards());
    std::vector<std::string_view> keys;
    time_point end = never;
    for (const hold_record* h = this; h; h = h->next_key) {
        keys.push_back(h->of->name());
        end = std::min(end, h->at);
    }
    return {key_set(keys.begin(), keys.end()), {}, mode, table.id_of(granted_by, token), token, end};
}

loss hold_record::state() const noexcept {
    transaction step(*of->home->table, shards());
    step.run_due();
    for (const hold_record* h = this; h; h = h->next_key)
        if (h->lost != loss::none)
            return h->lost;
    return loss::none;
}

time_point hold_record::valid_until() const noexcept {
    const transaction step(*of->home->table, shards());
    time_point end = never;
    for (const hold_record* h = this; h; h = h->next_key)
        end = std::min(end, h->at);
    return end;
}

bool hold_record::set_listener(loss_listener* who) noexcept {
    bool held = true;
    for (hold_record* h = this; h; h = h->next_key) {
        const std::lock_guard lock(h->of->home->mutex);
        h->listener = who;
        held = held && h->linked;
    }
    return held;
}

asio::awaitable<loss> hold_record::release() {
    co_return end();
}

loss hold_record::end() noexcept {
    loss result = loss::none;
    transaction step(*of->home->table, shards());
    step.run_due();
    for (hold_record* h = this; h; h = h->next_key) {
        if (h->linked)
            step.end(*h, loss::none);
        else if (h->lost != loss::none)
            result = h->lost;
    }
    return result;
}

loss hold_record::drop() noexcept {
    lock_table& table = *of->home->table;
    shard& first = *of->home;
    waiter* successor = nullptr;
    bool orphan = false;
    if (drop_simply(successor, orphan)) {
        if (successor) {
            successor->decided();
            first.posting.fetch_sub(1, std::memory_order_release);
        }
        if (orphan)
            table.unpinned(1);
        return loss::none;
    }
    const loss result = end();
    // The table stays as long as a scope has a hold: only now may it go.
    std::size_t orphans = 0;
    for (hold_record* h = this; h;) {
        shard& home = *h->of->home;
        const std::lock_guard lock(home.mutex);
        hold_record* const next = h->next_key;
        orphans += home.orphaned;
        home.unpin(*h);
        h = next;
    }
    if (orphans != 0)
        table.unpinned(orphans);
    return result;
}

// The common cases, without the machinery of a transaction: nothing follows for anybody else.
bool hold_record::drop_simply(waiter*& successor, bool& orphan) noexcept {
    shard& home = *of->home;
    lock_table& table = *home.table;
    const std::lock_guard lock(home.mutex);
    // one that has run over its hold_until is late by its own account: that needs no look at the clock
    if (next_key || !linked || table.watcher() || (!overdue_end && table.may_be_due(at)))
        return false;
    if (of->waiters.empty()) {
        orphan = home.orphaned;
        home.remove_hold(*this);
        home.unpin(*this);
    } else {
        waiter& first = *of->waiters.front().of;
        if (!first.simple || mode == lock_mode::shared || table.may_be_due(first.at))
            return false;
        hand_to(first);
        successor = &first;
    }
    ++home.statistics.released;
    return true;
}

// The record goes on as the next one's: nothing in the entry changes.
void hold_record::hand_to(waiter& next) noexcept {
    shard& home = *of->home;
    lock_table& table = *home.table;
    home.deadlines.erase(next);
    home.remove_place(*next.links);
    granted_by = static_cast<std::uint8_t>(home.index);
    home.begin_hold(*this, next.request, std::max(table.next_token(), home.last_token + 1),
                    table.coarse_now(), table.end_of(next.request));
    home.arm(table.clock());
    listener = nullptr;
    next.granted = {table.id_of(granted_by, token), token, at, this};
    next.state = waiter::state_t::done;
    ++home.statistics.granted;
    home.posting.fetch_add(1, std::memory_order_relaxed);
}

} // namespace colock::memory
