#include "driver.hpp"

#include <iostream>

namespace colock_test {
namespace {

constexpr std::size_t most_tries = 20000;

std::string text_of(const error_code& error) {
    return error ? error.message() : "success";
}

} // namespace

void driver::note(const std::string& text) {
    std::ostringstream line;
    line << taken_ << " @" << model_.now().time_since_epoch().count() << "  " << text;
    trace_.push_back(line.str());
    if (verbose_)
        std::cout << trace_.back() << std::endl;
}

void driver::fail(const std::string& why) const {
    std::string all =
        "seed " + std::to_string(seed_) + ", step " + std::to_string(taken_) + ": " + why + "\n";
    for (const std::string& line : trace_)
        all += "  " + line + "\n";
    throw mismatch(all);
}

// What the rules leave open is tried out: the library is right if one way of deciding it gives what was seen.
void driver::compare(const std::string& text, const effect& what) {
    world_.run();
    const observation seen = observe();
    std::map<call_id, std::uint64_t> tokens;
    for (const auto& [id, out] : seen.completed)
        if (out.granted)
            tokens[id] = out.granted.token();
    choices open;
    std::string why;
    bool first = true;
    for (std::size_t tries = 0; tries < most_tries; ++tries) {
        open.restart();
        model candidate = model_;
        candidate.open = &open;
        candidate.likely = &tokens;
        const bool same_result = what(candidate);
        candidate.tell();
        tentative_ = known_;
        const std::string differs = same_result ? difference(candidate, seen) : "another result is expected";
        if (differs.empty()) {
            model_ = std::move(candidate);
            model_.open = nullptr;
            model_.likely = nullptr;
            known_ = std::move(tentative_);
            for (const auto& [id, out] : seen.completed)
                if (out.granted && !guards_.contains(id))
                    grants_.emplace_back(model_.calls()[id].number, out.granted);
            ++taken_;
            return;
        }
        if (std::exchange(first, false))
            why = differs;
        if (!open.next())
            break;
    }
    fail(text + ": " + why);
}

// The victims are preferably calls that the step grants: those lose their locks again.
driver::victims driver::choose_victims(const effect& what) {
    victims chosen;
    if (!random_.percent(30) || live_.empty())
        return chosen;
    choices any;
    model guess = model_;
    guess.open = &any;
    what(guess);
    for (const auto& [id, call] : live_)
        if (random_.percent(guess.calls()[id].state == model_call::state_t::granted ? 60 : 10))
            chosen.push_back(id);
    return chosen;
}

void driver::cancel(call_id id, asio::cancellation_type type) {
    live_.at(id).result.cancel(type);
}

void driver::step(std::string text, const std::function<asio::awaitable<std::string>()>& action,
                  const effect& what) {
    std::vector<call_id> cancelled;
    // A cancellation within the context takes effect at once, before completions that were posted earlier.
    const auto inside = [&]() -> asio::awaitable<void> {
        text += co_await action();
        cancelled = choose_victims(what);
        for (const call_id id : cancelled)
            cancel(id);
    };
    world_.now(inside());
    for (const call_id id : cancelled)
        text += ", at once cancels " + std::to_string(id);
    note(text);
    compare(text, [&](model& m) {
        const bool as_expected = what(m);
        for (const call_id id : cancelled) {
            late_ += m.calls()[id].state == model_call::state_t::granted;
            m.cancel(id);
        }
        return as_expected;
    });
}

driver::observation driver::observe() {
    observation seen;
    for (auto at = live_.begin(); at != live_.end();) {
        const call_id id = at->first;
        started<taken>& result = at->second.result;
        if (!result.done()) {
            ++at;
            continue;
        }
        outcome out;
        out.error = result.error();
        if (!out.error) {
            taken& got = result.get();
            out.contended = got.contended;
            out.granted = got.guard ? got.guard.grant() : got.granted;
            if (got.guard)
                guards_.emplace(id, std::move(got.guard));
        }
        seen.completed.emplace(id, std::move(out));
        at = live_.erase(at);
    }
    for (colock::lock_info& info : world_.now(world_.locks->list()))
        seen.locks.emplace(info.key, std::move(info));
    for (const auto& [id, g] : guards_)
        seen.lost.emplace(id, g.lost());
    seen.statistics = world_.memory->statistics();
    return seen;
}

std::string driver::difference(const model& m, const observation& seen) {
    for (const auto& [id, out] : seen.completed)
        if (std::string why = difference(m, id, out); !why.empty())
            return why;
    for (const auto& [id, call] : live_)
        if (m.calls()[id].state != model_call::state_t::pending)
            return "call " + std::to_string(id) + " is pending, but ought to have ended with " +
                   text_of(m.calls()[id].error);
    std::size_t waiting = 0;
    std::size_t visible = 0;
    for (const std::string& key : keys_) {
        const auto found = seen.locks.find(key);
        waiting += m.waiters(key);
        visible += m.waiters(key) != 0 || !m.holds(key).empty();
        if (std::string why =
                difference(m, key, found == seen.locks.end() ? colock::lock_info{key, {}, 0} : found->second);
            !why.empty())
            return why;
    }
    for (const auto& [id, lost] : seen.lost)
        if (lost != m.lost(id))
            return "guard of call " + std::to_string(id) + (lost ? " is lost" : " is not lost");
    if (!tokens_grow())
        return "the tokens do not grow from acquisition to acquisition";
    const auto& s = seen.statistics;
    if (s.held != visible || seen.locks.size() != visible)
        return "keys held or promised: " + std::to_string(s.held) + ", expected " + std::to_string(visible);
    if (s.waiting != waiting)
        return "places in queues: " + std::to_string(s.waiting) + ", expected " + std::to_string(waiting);
    if (s.granted != m.granted || s.queued != m.queued || s.timed_out != m.timed_out ||
        s.expired != m.expired)
        return "the statistics differ";
    return {};
}

std::string driver::difference(const model& m, call_id id, const outcome& seen) {
    const model_call& c = m.calls()[id];
    const std::string name = "call " + std::to_string(id);
    if (c.state == model_call::state_t::pending)
        return name + " has ended with " + text_of(seen.error) + ", but ought to be pending";
    if (c.state == model_call::state_t::failed) {
        const bool contention = c.error == errc::already_locked || c.error == errc::timed_out;
        if (seen.contended ? !contention : seen.error != c.error)
            return name + " ended with " + text_of(seen.error) + ", expected " + text_of(c.error);
        return {};
    }
    if (seen.error || seen.contended)
        return name + " failed with " + text_of(seen.error);
    const colock::grant& g = seen.granted;
    if (!same_acquisition(c.number, g.id(), g.token()))
        return name + " has another acquisition's id or token";
    if (g.keys().to_vector() != c.keys || g.owner() != c.owner || g.mode() != c.mode)
        return name + " has a grant with wrong keys, owner or mode";
    // a guard's grant tells the end as it is, not as it was: but it has none
    if (g.expires_at() != c.expires_at)
        return name + " has a grant that ends at " +
               std::to_string(g.expires_at().time_since_epoch().count()) + ", expected " +
               std::to_string(c.expires_at.time_since_epoch().count());
    return {};
}

std::string driver::difference(const model& m, const std::string& key, const colock::lock_info& seen) {
    const auto expected = m.holds(key);
    if (seen.waiters != m.waiters(key))
        return key + " has " + std::to_string(seen.waiters) + " waiters, expected " +
               std::to_string(m.waiters(key));
    if (seen.holders.size() != expected.size())
        return key + " has " + std::to_string(seen.holders.size()) + " holders, expected " +
               std::to_string(expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const colock::holder_info& a = seen.holders[i];
        const model_hold& b = expected[i];
        const std::string name = key + "'s holder " + std::to_string(i);
        if (a.owner != b.owner || a.mode != b.mode || a.scoped != b.scoped)
            return name + " has a wrong owner, mode or scope";
        if (!same_acquisition(b.number, a.id, a.token))
            return name + " is another acquisition";
        if (a.age != m.now() - b.since)
            return name + " has a wrong age";
        if (a.remaining != (b.end == colock::never ? colock::forever : b.end - m.now()))
            return name + " has " + std::to_string(a.remaining.count()) + " ns left, expected " +
                   std::to_string((b.end - m.now()).count());
    }
    return {};
}

bool driver::same_acquisition(acquisition_number number, colock::grant_id id, std::uint64_t token) {
    const auto [at, added] = tentative_.try_emplace(number, token, id);
    return added || at->second == std::pair(token, id);
}

bool driver::tokens_grow() const {
    std::uint64_t last = 0;
    std::set<colock::grant_id> ids;
    for (const auto& [number, name] : tentative_) {
        if (name.first <= last || !ids.insert(name.second).second)
            return false;
        last = name.first;
    }
    return true;
}

} // namespace colock_test
