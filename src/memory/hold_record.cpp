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

// First the common cases, of which nothing follows for anybody else but one successor.
loss hold_record::drop() noexcept {
    shard& home = *of->home;
    waiter* successor = nullptr;
    {
        const std::lock_guard lock(home.mutex);
        if (is_simple()) {
            if (of->waiters.empty()) {
                ++home.statistics.released;
                home.remove_hold(*this);
                home.unpin(*this);
                return loss::none;
            }
            successor = hand_over();
        }
    }
    if (!successor)
        return drop_any();
    successor->decided();
    home.posts_ended.fetch_add(1, std::memory_order_release);
    return loss::none;
}

loss hold_record::drop_any() noexcept {
    lock_table& table = *of->home->table;
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

bool hold_record::is_simple() const noexcept {
    const lock_table& table = *of->home->table;
    // one that has run over its hold_until is late by its own account: that needs no look at the clock
    return linked && !next_key && !table.watcher() && !of->home->orphaned &&
           (at == never || overdue_end || !table.clock().may_be_due(at));
}

// The record goes on as the next one's: nothing in the entry changes.
waiter* hold_record::hand_over() noexcept {
    shard& home = *of->home;
    lock_table& table = *home.table;
    waiter& next = *of->waiters.front().of;
    if (!next.simple || mode == lock_mode::shared || (next.at != never && table.clock().may_be_due(next.at)))
        return nullptr;
    ++home.statistics.released;
    home.deadlines.erase(next);
    home.remove_place(*next.links);
    granted_by = static_cast<std::uint8_t>(home.index);
    time_point now = never;
    const std::uint64_t next_token = std::max(table.next_token(now), home.last_token + 1);
    home.begin_hold(*this, next.request, next_token, table.at_least_coarse(now), table.end_of(next.request));
    home.arm(table.clock());
    listener = nullptr;
    next.granted = {table.id_of(granted_by, token), token, at, this};
    next.is_queued = false;
    ++home.statistics.granted;
    ++home.posts_begun;
    return &next;
}

} // namespace colock::memory
