#include "memory/transaction.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>

namespace colock::memory {
namespace {

bool compatible(lock_mode wanted, const entry& e) noexcept {
    return e.holds.empty() || (wanted == lock_mode::shared && e.holds.front().mode == lock_mode::shared);
}

} // namespace

// ---- locks ----

transaction::~transaction() {
    settle();
    rearm();
    unlock(locked_);
    for (waiter* w = finished_; w;) {
        waiter* const next = w->next_finished; // w is gone once its coroutine runs
        w->decided();
        w = next;
    }
    if (posting_)
        posting_->posts_ended.fetch_add(1, std::memory_order_release);
    for (auto& remembered : events_) {
        remembered.event.key = remembered.key;
        remembered.event.owner = remembered.owner;
        watcher_->on_event(remembered.event);
    }
}

void transaction::lock(std::uint64_t mask) {
    for (; mask != 0; mask &= mask - 1)
        first_of(mask).mutex.lock();
}

void transaction::unlock(std::uint64_t mask) noexcept {
    for (; mask != 0; mask &= mask - 1)
        first_of(mask).mutex.unlock();
}

void transaction::extend(std::uint64_t mask) {
    const std::uint64_t missing = mask & ~locked_;
    std::uint64_t got = 0;
    for (std::uint64_t left = missing; left != 0; left &= left - 1) {
        if (!first_of(left).mutex.try_lock())
            break;
        got |= left & -left;
    }
    if (got != missing) {
        unlock(got | locked_);
        lock(missing | locked_);
        now_.reset();
    }
    locked_ |= missing;
}

void transaction::rearm() {
    for (std::uint64_t left = locked_; left != 0; left &= left - 1)
        first_of(left).arm(table_.clock());
}

void shard::wake_up::on_alarm() noexcept {
    transaction step(*of->table, std::uint64_t{1} << of->index);
    of->armed_for = never;
    step.run_due();
}

void transaction::process_due() {
    for (;;) {
        detail::deadline_node* due = nullptr;
        for (std::uint64_t left = locked_; left != 0; left &= left - 1) {
            detail::deadline_node* top = first_of(left).deadlines.top();
            if (top && (!due || top->at < due->at || (top->at == due->at && top->rank < due->rank)))
                due = top;
        }
        if (!due || due->at > now())
            return;
        const time_point at = due->at;
        if (due->rank == rank_expiry) {
            auto& held = static_cast<hold_record&>(*due);
            end(held, held.overdue_end ? loss::overdue : loss::expired);
        } else {
            auto& w = static_cast<waiter&>(*due);
            if (!covers(w.shards)) {
                extend(w.shards);
                continue; // it may be gone
            }
            finish(w, errc::timed_out, lock_event_kind::timed_out);
        }
        settle(at); // as if it had been done then
    }
}

// ---- looking ----

transaction::entry_list transaction::locate(const key_set& keys) const {
    entry_list entries(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i)
        entries[i] = table_.at(lock_table::shard_of(keys.hash(i))).find(keys[i], keys.hash(i));
    return entries;
}

hold_record* transaction::own_hold(entry& e, std::string_view owner) {
    if (owner.empty() || e.holds.empty())
        return nullptr;
    hold_record& front = e.holds.front();
    if (front.mode == lock_mode::exclusive)
        return front.owner && front.owner->owner == owner ? &front : nullptr;
    if (owner_record* o = e.home->find_owner(owner))
        for (hold_record& held : o->holds)
            if (held.of == &e)
                return &held;
    return nullptr;
}

transaction::verdict transaction::examine(const lock_request& request, const entry_list& entries,
                                          const waiter* queued) const {
    verdict result = verdict::grantable;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (!entries[i])
            continue;
        entry& e = *entries[i];
        if (const hold_record* own = own_hold(e, request.owner)) {
            if (own->mode == lock_mode::shared && request.mode == lock_mode::exclusive)
                return verdict::never;
            continue;
        }
        const bool first = queued ? &e.waiters.front() == &queued->links[i] : e.waiters.empty();
        if (!first || !compatible(request.mode, e))
            result = verdict::must_wait;
    }
    return result;
}

// ---- holds ----

acquisition transaction::grant(const lock_request& request, const entry_list& entries, waiter* waited) {
    small_array<hold_record*> own(entries.size());
    bool same = !request.owner.empty(); // all keys are held already, by one acquisition
    for (std::size_t i = 0; i < entries.size(); ++i) {
        own[i] = entries[i] ? own_hold(*entries[i], request.owner) : nullptr;
        same = same && own[i] && own[i]->token == own[0]->token;
    }

    std::uint64_t token = 0;
    unsigned home = lock_table::shard_of(request.keys.hash(0));
    if (same) {
        token = own[0]->token;
        home = own[0]->granted_by;
    } else {
        time_point known = now_.value_or(never);
        token = std::max(table_.next_token(known), last_token_ + 1);
        if (known != never)
            now_ = known;
        for (std::size_t i = 0; i < entries.size(); ++i)
            token = std::max(token, table_.at(lock_table::shard_of(request.keys.hash(i))).last_token + 1);
        last_token_ = token;
    }

    acquisition result;
    result.id = table_.id_of(home, token);
    result.token = token;
    hold_record* previous = nullptr;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        hold_record* held = own[i];
        if (held) {
            held->token = token;
            held->granted_by = static_cast<std::uint8_t>(home);
            held->of->home->last_token = std::max(held->of->home->last_token, token);
            if (request.expire)
                set_expiry(*held, saturated_add(now(), *request.expire));
            tell(lock_event_kind::renewed, *held);
        } else {
            entry& e = entries[i] ? *entries[i] : add_entry(request.keys, i);
            held = &add_hold(e, request, token);
            held->granted_by = static_cast<std::uint8_t>(home);
            tell(lock_event_kind::granted, e, request.mode, request.owner, token,
                 waited ? waited->since : never);
        }
        if (!waited) {
            held->told = true;
        } else {
            ++held->untold;
            waited->links[i].born = held->born;
        }
        result.expires_at = std::min(result.expires_at, held->at);
        if (request.scoped) {
            if (previous)
                previous->next_key = held;
            else
                result.held = held;
            previous = held;
        }
    }
    ++table_.at(lock_table::shard_of(request.keys.hash(0))).statistics.granted;
    return result;
}

hold_record& transaction::add_hold(entry& e, const lock_request& request, std::uint64_t token) {
    const time_point expiry = request.expire ? saturated_add(now(), *request.expire) : never;
    hold_record& held = e.home->add_hold(e, request, token, table_.at_least_coarse(now_.value_or(never)),
                                         std::min(expiry, request.hold_until));
    if (held.owner && !held.owner->waiting.empty()) { // other calls of the owner may now enter as well
        ++e.pins;
        ++held.owner->pins;
        owner_work_.push_back({&e, held.owner});
    }
    return held;
}

void transaction::set_expiry(hold_record& held, time_point at) {
    held.of->home->set_expiry(held, at, false);
}

void transaction::end(hold_record& held, loss why) {
    entry& e = *held.of;
    shard& s = *e.home;
    switch (why) {
    case loss::none:
        ++s.statistics.released;
        tell(lock_event_kind::released, held);
        break;
    case loss::expired:
    case loss::overdue:
        ++s.statistics.expired;
        tell(lock_event_kind::expired, held);
        break;
    case loss::revoked:
    case loss::closed:
        ++s.statistics.revoked;
        tell(lock_event_kind::revoked, held);
        break;
    }
    s.remove_hold(held);
    held.lost = why;
    if (held.listener && why != loss::none)
        held.listener->on_loss(why);
    if (!held.pinned)
        s.pool.recycle(&held);
    changed(e);
}

// ---- waiters ----

void transaction::enqueue(waiter& w, const entry_list& entries, time_point deadline) {
    const lock_request& request = w.request;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        entry& e = entries[i] ? *entries[i] : add_entry(request.keys, i);
        waiter_link& link = w.links[i];
        e.home->add_place(e, link);
        if (!request.owner.empty()) {
            link.owner = &e.home->obtain_owner(request.owner);
            link.owner->waiting.push_back(link);
        }
    }
    w.since = watcher_ ? now() : never; // the clock is read for observers only
    w.queued();
    shard& home = first_of(w.shards);
    ++home.statistics.queued;
    if (deadline != never)
        home.deadlines.push(w, deadline);
    if (watcher_)
        for (std::size_t i = 0; i < entries.size(); ++i)
            tell(lock_event_kind::queued, *w.links[i].on, request.mode, request.owner, 0, never);
}

void transaction::unlink(waiter& w) {
    first_of(w.shards).deadlines.erase(w);
    for (std::size_t i = 0; i < w.request.keys.size(); ++i) {
        waiter_link& link = w.links[i];
        shard& home = *link.on->home;
        home.remove_place(link);
        if (owner_record* o = std::exchange(link.owner, nullptr)) {
            o->waiting.erase(o->waiting.iterator_to(link));
            home.retire_if_unused(*o);
        }
    }
}

void transaction::complete(waiter& w, boost::system::error_code error) noexcept {
    if (!posting_) {
        posting_ = &first_of(locked_);
        ++posting_->posts_begun;
    }
    w.error = error;
    w.is_queued = false;
    w.next_finished = nullptr;
    *finished_end_ = &w;
    finished_end_ = &w.next_finished;
}

void transaction::finish(waiter& w, boost::system::error_code error, lock_event_kind event) {
    auto& statistics = first_of(w.shards).statistics;
    ++(event == lock_event_kind::timed_out ? statistics.timed_out : statistics.cancelled);
    unlink(w);
    for (std::size_t i = 0; i < w.request.keys.size(); ++i) {
        tell(event, *w.links[i].on, w.request.mode, w.request.owner, 0, w.since);
        changed(*w.links[i].on);
    }
    complete(w, error);
}

void transaction::abandon(waiter& w) {
    ++first_of(w.shards).statistics.cancelled;
    unlink(w);
    w.is_queued = false;
    w.error = asio::error::operation_aborted;
    for (std::size_t i = 0; i < w.request.keys.size(); ++i) {
        tell(lock_event_kind::cancelled, *w.links[i].on, w.request.mode, w.request.owner, 0, w.since);
        changed(*w.links[i].on);
    }
}

// ---- settling ----

void transaction::settle() {
    if (!work_.empty() || !owner_work_.empty())
        settle(now());
}

void transaction::settle(time_point as_of) {
    for (;;) {
        if (!owner_work_.empty()) {
            const owner_change change = owner_work_.back();
            owner_work_.pop_back();
            settle_owner(*change.on, *change.of);
            --change.of->pins;
            change.on->home->retire_if_unused(*change.of);
            unpin(*change.on);
        } else if (!work_.empty()) {
            entry& e = *work_.back();
            work_.pop_back();
            settle_queue(e, as_of);
            unpin(e);
        } else {
            return;
        }
    }
}

// Whoever is first in the queue of a changed entry may be able to run: in shared mode, then the next as well.
void transaction::settle_queue(entry& e, time_point as_of) {
    while (!e.waiters.empty()) {
        waiter& w = *e.waiters.front().of;
        if (!covers(w.shards)) {
            extend(w.shards);
            continue; // another may be first by now
        }
        if (w.at < as_of) {
            finish(w, errc::timed_out, lock_event_kind::timed_out);
            continue;
        }
        if (!try_grant(w))
            return;
    }
}

// An owner that has just got a key is not kept waiting for it in its other calls, wherever they are in the
// queue.
void transaction::settle_owner(entry& e, const owner_record& o) {
    for (bool again = true; again;) {
        again = false;
        for (const waiter_link& link : o.waiting) {
            if (link.on != &e)
                continue;
            waiter& w = *link.of;
            if (!covers(w.shards)) {
                extend(w.shards);
                again = true;
                break;
            }
            if (try_grant(w)) {
                again = true;
                break;
            }
        }
    }
}

bool transaction::try_grant(waiter& w) {
    entry_list entries(w.request.keys.size());
    for (std::size_t i = 0; i < entries.size(); ++i)
        entries[i] = w.links[i].on;
    if (examine(w.request, entries, &w) != verdict::grantable)
        return false;
    if (entries.size() > 1)
        for (entry* e : entries)
            changed(*e); // with its place goes what it kept from others
    unlink(w);
    w.granted = grant(w.request, entries, &w);
    complete(w, {});
    return true;
}

// ---- entries ----

void transaction::changed(entry& e) {
    if (e.waiters.empty()) {
        e.home->retire_if_unused(e);
    } else {
        ++e.pins;
        work_.push_back(&e);
    }
}

void transaction::unpin(entry& e) noexcept {
    --e.pins;
    e.home->retire_if_unused(e);
}

entry& transaction::add_entry(const key_set& keys, std::size_t i) {
    return table_.at(lock_table::shard_of(keys.hash(i))).add_entry(keys[i], keys.hash(i));
}

// ---- events ----

void transaction::tell(lock_event_kind kind, const entry& e, lock_mode mode, std::string_view owner,
                       std::uint64_t token, time_point since) {
    if (watcher_) {
        const duration elapsed = since == never ? duration::zero() : now() - since;
        events_.push_back({{kind, mode, {}, {}, token, elapsed, e.waiter_count},
                           std::string(e.name()),
                           std::string(owner)});
    }
}

void transaction::tell(lock_event_kind kind, const hold_record& held) {
    tell(kind, *held.of, held.mode, held.owner ? std::string_view(held.owner->owner) : std::string_view(),
         held.token, held.since);
}

void transaction::tell_refused(const lock_request& request) {
    if (watcher_)
        for (const std::string_view key : request.keys)
            events_.push_back({{lock_event_kind::refused, request.mode, {}, {}, 0, duration::zero(), 0},
                               std::string(key),
                               std::string(request.owner)});
}

} // namespace colock::memory
