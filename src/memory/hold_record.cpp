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
    return {key_set(keys.begin(), keys.end()), {}, mode, {table.origin(), token}, token, end};
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
    bool orphan = false;
    if (drop_unawaited(orphan)) {
        if (orphan)
            table.unpinned(1);
        return loss::none;
    }
    loss result = loss::none;
    std::size_t pins_of_orphans = 0;
    {
        transaction step(table, shards());
        step.run_due();
        for (hold_record* h = this; h;) {
            hold_record* const next = h->next_key;
            if (h->linked)
                step.end(*h, loss::none);
            else if (h->lost != loss::none)
                result = h->lost;
            shard& home = *h->of->home;
            pins_of_orphans += home.orphaned;
            home.unpin(*h);
            h = next;
        }
    }
    if (pins_of_orphans != 0)
        table.unpinned(pins_of_orphans);
    return result;
}

// The common case, without the machinery of a transaction: nothing follows from it for anybody else.
bool hold_record::drop_unawaited(bool& orphan) noexcept {
    shard& home = *of->home;
    const std::lock_guard lock(home.mutex);
    // one that has run over its hold_until is late by its own account: that needs no look at the clock
    const bool may_be_due = at != never && !overdue_end;
    if (next_key || !linked || !of->waiters.empty() || home.table->watcher() ||
        (may_be_due && at <= home.table->clock().now()))
        return false;
    ++home.statistics.released;
    orphan = home.orphaned;
    home.remove_hold(*this);
    home.unpin(*this);
    return true;
}

} // namespace colock::memory
