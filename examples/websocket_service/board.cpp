#include "board.hpp"

#include <algorithm>

namespace seat_service {

using colock::lock_event_kind;

namespace {

constexpr std::size_t most_changes = 20; // of a key, between two looks
constexpr auto news_may_take = std::chrono::seconds(10);

bool exclude(colock::lock_mode a, colock::lock_mode b) {
    return a == colock::lock_mode::exclusive || b == colock::lock_mode::exclusive;
}

} // namespace

board::board(std::function<void()> changed) : changed_(std::move(changed)) {}

// ---- what is held ----

void board::on_event(const colock::lock_event& event) {
    const std::lock_guard lock(mutex_);
    switch (event.kind) {
    case lock_event_kind::granted: {
        auto& r = at(event.key);
        hold& h = obtain(r.second, event.token);
        h.granted = true;
        h.mode = event.mode;
        h.what.waited = event.elapsed;
        replace_excluded(r.second);
        add_change(r.second, {event.kind, event.token, h.what.who, event.elapsed});
        if (h.ended)
            add_change(r.second, {h.how, event.token, h.what.who, h.held_for});
        settle(r, event.token);
        touch(r);
        break;
    }
    case lock_event_kind::renewed: {
        const auto found = keys_.find(event.key);
        if (found == keys_.end())
            break;
        add_change(found->second, {event.kind, event.token, nullptr, event.elapsed});
        touch(*found);
        break;
    }
    case lock_event_kind::released:
    case lock_event_kind::expired:
    case lock_event_kind::revoked: {
        auto& r = at(event.key);
        hold& h = obtain(r.second, event.token);
        h.confirmed = true;
        finish(r, h, event.kind, event.elapsed);
        settle(r, event.token);
        touch(r);
        break;
    }
    case lock_event_kind::refused:
    case lock_event_kind::queued:
    case lock_event_kind::timed_out:
    case lock_event_kind::cancelled:
        break; // the requests tell, and know whose they are
    }
}

void board::note(const colock::grant& held, const identity_ptr& who, const std::string& lock,
                 const std::string& owner) {
    const std::lock_guard guard(mutex_);
    for (const std::string_view key : held.keys()) {
        auto& r = at(key);
        if (std::erase(r.second.unnoted, held.token()) != 0) {
            attribute(r.second, held.token(), who);
            settle(r, held.token());
            touch(r);
            continue;
        }
        hold& h = obtain(r.second, held.token());
        h.noted = true;
        h.mode = held.mode();
        h.what.who = who;
        h.what.lock = lock;
        h.what.owner = owner;
        h.what.until = held.expires_at();
        replace_excluded(r.second);
        settle(r, held.token());
        touch(r);
    }
}

void board::prolong(const colock::grant& held) {
    const std::lock_guard guard(mutex_);
    for (const std::string_view key : held.keys()) {
        const auto found = keys_.find(key);
        if (found == keys_.end())
            continue;
        for (hold& h : found->second.holds)
            if (h.what.token == held.token())
                h.what.until = held.expires_at();
        touch(*found);
    }
}

void board::end(const colock::grant& held, lock_event_kind how) {
    const std::lock_guard guard(mutex_);
    for (const std::string_view key : held.keys()) {
        const auto found = keys_.find(key);
        if (found == keys_.end())
            continue;
        auto& holds = found->second.holds;
        const auto h = std::find_if(holds.begin(), holds.end(),
                                    [&](const hold& each) { return each.what.token == held.token(); });
        if (h == holds.end())
            continue;
        finish(*found, *h, how, steady_clock::now() - h->what.since);
        settle(*found, held.token());
        touch(*found);
    }
}

board::records::value_type& board::at(std::string_view key) {
    const auto found = keys_.find(key);
    return found != keys_.end() ? *found : *keys_.try_emplace(std::string(key)).first;
}

board::hold& board::obtain(record& r, std::uint64_t token) {
    for (hold& h : r.holds)
        if (h.what.token == token)
            return h;
    hold& h = r.holds.emplace_back();
    h.what.token = token;
    h.what.since = steady_clock::now();
    h.replaced = std::any_of(r.unnoted.begin(), r.unnoted.end(), [&](auto later) { return token < later; });
    return h;
}

/// Tokens of a key grow in the order of its grants: of two that cannot be held at once, the smaller is over.
void board::replace_excluded(record& r) {
    for (hold& a : r.holds)
        for (const hold& b : r.holds)
            if (a.what.token < b.what.token && (b.granted || b.noted) && exclude(a.mode, b.mode))
                a.replaced = true;
}

void board::finish(records::value_type& r, hold& h, lock_event_kind how, colock::duration held_for) {
    if (h.ended)
        return;
    h.ended = true;
    h.how = how;
    h.held_for = held_for;
    if (h.granted)
        add_change(r.second, {how, h.what.token, h.what.who, held_for});
}

/// What was published already remains as it was.
void board::attribute(record& r, std::uint64_t token, const identity_ptr& who) {
    for (key_change& change : r.changes)
        if (change.token == token)
            change.who = who;
}

/// Forgets a hold once all news of it has come, or sees to it that it is forgotten later. A request that was
/// given up as its lock was granted never notes it, and crowds of them may vanish at once: the token is all
/// that is kept of such a hold, to know a late note by.
void board::settle(records::value_type& r, std::uint64_t token) {
    auto& holds = r.second.holds;
    const auto h = std::find_if(holds.begin(), holds.end(), [&](const hold& each) {
        return each.what.token == token && each.complete();
    });
    if (h != holds.end()) {
        if (h->noted) {
            attribute(r.second, token, h->what.who);
        } else {
            r.second.unnoted.push_back(token);
            r.second.unnoted_since = steady_clock::now();
        }
        holds.erase(h);
    }
    const bool lacks_news =
        !r.second.unnoted.empty() ||
        std::any_of(holds.begin(), holds.end(), [](const hold& each) { return each.over(); });
    if (!lacks_news) {
        leave_limbo(r);
    } else if (!r.second.lacks_news_since) {
        r.second.lacks_news_since = steady_clock::now();
        limbo_.emplace(*r.second.lacks_news_since, &r);
    }
}

void board::leave_limbo(records::value_type& r) {
    if (const auto since = std::exchange(r.second.lacks_news_since, std::nullopt))
        limbo_.erase({*since, &r});
}

void board::forget_old(colock::time_point now) {
    const std::lock_guard guard(mutex_);
    while (!limbo_.empty() && now - limbo_.begin()->first > news_may_take) {
        records::value_type& r = *limbo_.begin()->second;
        leave_limbo(r);
        std::erase_if(r.second.holds,
                      [&](const hold& h) { return h.over() && now - h.what.since > news_may_take; });
        if (now - r.second.unnoted_since > news_may_take)
            r.second.unnoted.clear();
        settle(r, 0);
        erase_if_unused(r);
    }
}

// ---- who waits ----

board::ticket board::enqueue(const colock::key_set& keys, colock::lock_mode mode, identity_ptr who,
                             std::weak_ptr<client> whose, std::string request) {
    const std::lock_guard guard(mutex_);
    const ticket mine = ++last_ticket_;
    waiting_request& entered = requests_[mine];
    entered = {.keys = keys.to_vector(),
               .mode = mode,
               .who = std::move(who),
               .whose = std::move(whose),
               .request = std::move(request),
               .since = steady_clock::now()};
    for (const std::string& key : entered.keys) {
        auto& r = at(key);
        r.second.queue[mine].who = &entered;
        touch(r);
    }
    return mine;
}

void board::dequeue(ticket which, lock_event_kind how) {
    const std::lock_guard guard(mutex_);
    const auto found = requests_.find(which);
    if (found == requests_.end())
        return;
    const waiting_request& left = found->second;
    for (const std::string& key : left.keys) {
        auto& r = at(key);
        r.second.queue.erase(which);
        if (how != lock_event_kind::granted)
            add_change(r.second, {how, 0, left.who, steady_clock::now() - left.since});
        touch(r);
    }
    requests_.erase(found);
}

void board::refuse(const colock::key_set& keys, const identity_ptr& who) {
    const std::lock_guard guard(mutex_);
    for (const std::string_view key : keys) {
        const auto found = keys_.find(key);
        if (found == keys_.end())
            continue;
        add_change(found->second, {lock_event_kind::refused, 0, who, {}});
        touch(*found);
    }
}

// ---- what can be seen ----

void board::add_change(record& r, key_change what) {
    if (r.changes.size() == most_changes)
        r.changes.erase(r.changes.begin());
    r.changes.push_back(std::move(what));
}

void board::touch(records::value_type& r) {
    if (r.second.dirty)
        return;
    r.second.dirty = true;
    dirty_.push_back(&r);
    if (dirty_.size() == 1)
        changed_();
}

void board::erase_if_unused(const records::value_type& r) {
    if (r.second.holds.empty() && r.second.queue.empty() && !r.second.dirty && !r.second.lacks_news_since)
        keys_.erase(keys_.find(r.first));
}

key_state board::state_of(const records::value_type& r) {
    key_state result{.key = r.first};
    for (const hold& h : r.second.holds) {
        if (h.over())
            continue;
        result.mode = h.mode;
        result.holders.push_back(h.what);
    }
    for (const auto& [number, waiter] : r.second.queue) {
        if (result.holders.empty() && result.waiting.empty())
            result.mode = waiter.who->mode;
        result.waiting.push_back({waiter.who->who, waiter.who->since});
    }
    return result;
}

board::listing board::list(std::string_view prefix, std::size_t limit,
                           const std::function<bool(const key_state&)>& wanted) const {
    const std::lock_guard guard(mutex_);
    listing result;
    for (auto r = keys_.lower_bound(prefix); r != keys_.end() && r->first.starts_with(prefix); ++r) {
        key_state state = state_of(*r);
        if ((state.holders.empty() && state.waiting.empty()) || !wanted(state))
            continue;
        if (result.keys.size() == limit) {
            result.truncated = true;
            break;
        }
        result.keys.push_back(std::move(state));
    }
    return result;
}

std::pair<board_updates, board::moves> board::collect() {
    const std::lock_guard guard(mutex_);
    std::pair<board_updates, moves> result;
    auto& [updates, all_moves] = result;
    std::map<const client*, std::size_t> of_client; // where its moves are
    for (records::value_type* r : dirty_) {
        record& what = r->second;
        for (auto& [number, waiter] : what.queue)
            if (!std::exchange(waiter.announced, true))
                add_change(what, {lock_event_kind::queued, 0, waiter.who->who, {}});
        for (key_change& change : what.changes)
            for (const hold& h : what.holds)
                if (change.token == h.what.token && h.noted)
                    change.who = h.what.who;
        updates.push_back({state_of(*r), std::move(what.changes)});
        what.changes.clear();
        what.dirty = false;

        std::size_t now = 0;
        for (auto& [number, waiter] : what.queue) {
            ++now;
            if (std::exchange(waiter.told_place, now) == now)
                continue;
            const auto whose = waiter.who->whose.lock();
            const auto [at_index, is_new] = of_client.try_emplace(whose.get(), all_moves.size());
            if (is_new)
                all_moves.emplace_back(whose, std::vector<place>());
            all_moves[at_index->second].second.push_back(
                {waiter.who->request, r->first, now, what.queue.size()});
        }
        erase_if_unused(*r);
    }
    dirty_.clear();
    return result;
}

std::size_t board::size() const {
    const std::lock_guard guard(mutex_);
    return keys_.size();
}

} // namespace seat_service
