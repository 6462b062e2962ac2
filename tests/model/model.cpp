#include "model.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <limits>

namespace colock_test {

using colock::errc;
using colock::lock_mode;
using state_t = model_call::state_t;

// ---- looking ----

std::vector<model_hold> model::holds(const std::string& key) const {
    const auto found = holds_.find(key);
    return found == holds_.end() ? std::vector<model_hold>() : found->second;
}

bool model::names(const model_call& call, const std::string& key) const {
    return std::find(call.keys.begin(), call.keys.end(), key) != call.keys.end();
}

std::size_t model::waiters(const std::string& key) const {
    return static_cast<std::size_t>(
        std::count_if(pending_.begin(), pending_.end(), [&](call_id id) { return names(calls_[id], key); }));
}

bool model::idle() const {
    return holds_.empty() && pending_.empty();
}

colock::time_point model::next_deadline() const {
    colock::time_point next = colock::never;
    for (const auto& [key, holds] : holds_)
        for (const model_hold& h : holds)
            next = std::min(next, h.end);
    for (const call_id id : pending_)
        next = std::min(next, calls_[id].deadline);
    return next;
}

// Nobody can take a guard's keys one by one: it is lost when one of them is.
bool model::lost(call_id guard) const {
    const model_call& c = calls_[guard];
    return std::any_of(c.keys.begin(), c.keys.end(), [&](const std::string& key) {
        const auto all = holds(key);
        return std::none_of(all.begin(), all.end(),
                            [&](const model_hold& h) { return h.number == c.number; });
    });
}

const model_hold* model::own_hold(const std::string& key, const std::string& owner) const {
    const auto found = holds_.find(key);
    if (owner.empty() || found == holds_.end())
        return nullptr;
    for (const model_hold& h : found->second)
        if (h.owner == owner)
            return &h;
    return nullptr;
}

model_hold* model::own_hold(const std::string& key, const std::string& owner) {
    return const_cast<model_hold*>(std::as_const(*this).own_hold(key, owner));
}

// For each key: its owner has it in a sufficient mode; or nobody came before, and who holds it allows it (O3,
// W1).
model::verdict model::examine(const model_call& call, call_id id) const {
    bool must_wait = false;
    for (const std::string& key : call.keys) {
        if (const model_hold* own = own_hold(key, call.owner)) {
            if (own->mode == lock_mode::shared && call.mode == lock_mode::exclusive)
                return verdict::upgrade;
            continue;
        }
        const bool first = std::none_of(pending_.begin(), pending_.end(), [&](call_id other) {
            return other < id && names(calls_[other], key);
        });
        const auto all = holds(key);
        const bool compatible = std::all_of(all.begin(), all.end(), [&](const model_hold& h) {
            return h.mode == lock_mode::shared && call.mode == lock_mode::shared;
        });
        must_wait = must_wait || !first || !compatible;
    }
    return must_wait ? verdict::must_wait : verdict::grantable;
}

// ---- changing ----

// All that can run, does (W2). To grant one never takes from another that can run what it needs, so only the
// order, and with it who shares whose acquisition, is open.
void model::settle() {
    for (;;) {
        std::vector<call_id> able;
        for (const call_id id : pending_)
            if (examine(calls_[id], id) == verdict::grantable)
                able.push_back(id);
        if (able.empty())
            return;
        const auto guess = [&](call_id id) {
            const auto known = likely ? likely->find(id) : std::map<call_id, std::uint64_t>::const_iterator();
            return likely && known != likely->end() ? known->second
                                                    : std::numeric_limits<std::uint64_t>::max();
        };
        std::sort(able.begin(), able.end(),
                  [&](call_id a, call_id b) { return std::pair(guess(a), a) < std::pair(guess(b), b); });
        const call_id id = able[able.size() > 1 ? open->pick(able.size()) : 0];
        std::erase(pending_, id);
        untold_.push_back(id);
        grant(id);
    }
}

// Held already, all by one acquisition: that one (O1). Otherwise a new one for all keys of the call.
void model::grant(call_id id) {
    model_call& c = calls_[id];
    std::set<acquisition_number> before;
    for (const std::string& key : c.keys) {
        const model_hold* own = own_hold(key, c.owner);
        before.insert(own ? own->number : 0);
    }
    const bool same = before.size() == 1 && *before.begin() != 0;
    c.number = same ? *before.begin() : ++last_;
    c.state = state_t::granted;
    for (const std::string& key : c.keys) {
        model_hold* hold = own_hold(key, c.owner);
        if (!hold) {
            holds_[key].push_back({c.owner, c.mode, c.scoped, c.number, now_, colock::never, false, {}});
            hold = &holds_[key].back();
        }
        hold->number = c.number;
        hold->untold.insert(id);
        if (c.expire)
            hold->end = colock::saturated_add(now_, *c.expire);
        c.expires_at = std::min(c.expires_at, hold->end);
    }
    ++granted;
}

void model::fail(call_id id, error_code why) {
    std::erase(pending_, id);
    untold_.push_back(id);
    calls_[id].state = state_t::failed;
    calls_[id].error = why;
}

bool model::end(const std::string& key, acquisition_number number) {
    const auto found = holds_.find(key);
    if (found == holds_.end())
        return false;
    const bool ended =
        std::erase_if(found->second, [&](const model_hold& h) { return h.number == number; }) != 0;
    if (found->second.empty())
        holds_.erase(found);
    return ended;
}

call_id model::start(model_call call) {
    const call_id id = calls_.size();
    const verdict v = closed_ ? verdict::must_wait : examine(call, id);
    const bool full = std::any_of(call.keys.begin(), call.keys.end(),
                                  [&](const std::string& key) { return waiters(key) >= max_waiters_; });
    const colock::duration wait = call.wait;
    calls_.push_back(std::move(call));
    if (closed_) {
        fail(id, errc::closed);
    } else if (v == verdict::grantable) {
        untold_.push_back(id);
        grant(id);
        settle(); // its owner may have other calls that can now run
    } else if (v == verdict::upgrade || wait == colock::duration::zero()) {
        fail(id, errc::already_locked);
    } else if (full) {
        fail(id, errc::too_many_waiters);
    } else {
        calls_[id].deadline = colock::saturated_add(now_, wait);
        pending_.push_back(id);
        ++queued;
    }
    return id;
}

void model::cancel(call_id id) {
    model_call& c = calls_[id];
    if (c.state == state_t::pending) {
        fail(id, boost::asio::error::operation_aborted);
        settle();
    } else if (c.state == state_t::granted && !c.told) {
        c.doomed = true;
    }
}

// A call that was cancelled before it was told of its grant fails. What nobody else was told of, or will be,
// is given back (W4).
void model::tell() {
    for (std::size_t i = 0; i < untold_.size(); ++i) {
        const call_id id = untold_[i];
        model_call& c = calls_[id];
        c.told = true;
        if (c.doomed) {
            c.state = state_t::failed;
            c.error = boost::asio::error::operation_aborted;
        }
        for (const std::string& key : c.keys) {
            auto& all = holds_[key];
            for (model_hold& h : all)
                h.received = (h.untold.erase(id) != 0 && !c.doomed) || h.received;
            std::erase_if(all, [](const model_hold& h) { return !h.received && h.untold.empty(); });
            if (all.empty())
                holds_.erase(key);
        }
        if (c.doomed)
            settle();
    }
    untold_.clear();
}

bool model::release(const key_names& keys, const std::string& owner) {
    bool all = true;
    for (const std::string& key : keys) {
        acquisition_number number = 0;
        for (const model_hold& h : holds(key)) // oldest first
            if (number == 0 && h.owner == owner && !h.scoped)
                number = h.number;
        all = end(key, number) && all;
    }
    settle();
    return all;
}

bool model::release(const key_names& keys, acquisition_number number) {
    bool all = true;
    for (const std::string& key : keys)
        all = end(key, number) && all;
    settle();
    return all;
}

std::optional<colock::time_point> model::extend(const key_names& keys, acquisition_number number,
                                                colock::duration span) {
    std::vector<model_hold*> found;
    for (auto& [key, all] : holds_)
        for (model_hold& h : all)
            if (h.number == number && std::find(keys.begin(), keys.end(), key) != keys.end())
                found.push_back(&h);
    if (found.size() != keys.size())
        return std::nullopt;
    for (model_hold* h : found)
        h->end = colock::saturated_add(now_, span);
    return found.front()->end;
}

// Not one atomic step: who waits may be served when some of the keys are free and others not yet, in any
// order. What is granted meanwhile came later, and stays.
std::size_t model::release_all(const std::optional<std::string>& owner) {
    const auto ends = [before = last_, &owner](const model_hold& h) {
        return h.number <= before && (!owner || h.owner == *owner);
    };
    std::size_t released = 0;
    for (;;) {
        key_names left;
        for (const auto& [key, all] : holds_)
            if (std::any_of(all.begin(), all.end(), ends))
                left.push_back(key);
        if (left.empty())
            break;
        const std::string& key = left[left.size() > 1 ? open->pick(left.size()) : 0];
        auto& all = holds_[key];
        std::erase_if(all, ends);
        if (all.empty())
            holds_.erase(key);
        ++released;
        if (left.size() > 1 && open->pick(2) == 1)
            settle();
    }
    settle();
    return released;
}

bool model::drop(call_id guard) {
    const bool held = !lost(guard);
    for (const std::string& key : calls_[guard].keys)
        end(key, calls_[guard].number);
    settle();
    return held;
}

void model::advance(colock::duration span) {
    const colock::time_point target = colock::saturated_add(now_, span);
    for (colock::time_point next = next_deadline(); next <= target; next = next_deadline()) {
        now_ = next;
        expire_due();
    }
    now_ = target;
}

// First the leases, then the waits: who can still be served, is. What ends at one moment does so in any
// order.
void model::expire_due() {
    for (;;) {
        std::vector<std::pair<std::string, acquisition_number>> due;
        for (const auto& [key, all] : holds_)
            for (const model_hold& h : all)
                if (h.end <= now_)
                    due.emplace_back(key, h.number);
        if (due.empty())
            break;
        const auto [key, number] = due[due.size() > 1 ? open->pick(due.size()) : 0];
        end(key, number);
        ++expired;
        settle();
    }
    for (;;) {
        std::vector<call_id> late;
        for (const call_id id : pending_)
            if (calls_[id].deadline <= now_)
                late.push_back(id);
        if (late.empty())
            return;
        fail(late[late.size() > 1 ? open->pick(late.size()) : 0], errc::timed_out);
        ++timed_out;
        settle();
    }
}

void model::close() {
    closed_ = true;
    while (!pending_.empty())
        fail(pending_.front(), errc::closed);
    std::vector<std::pair<std::string, acquisition_number>> guards;
    for (const auto& [key, all] : holds_)
        for (const model_hold& h : all)
            if (h.scoped)
                guards.emplace_back(key, h.number);
    for (const auto& [key, number] : guards)
        end(key, number);
}

} // namespace colock_test
