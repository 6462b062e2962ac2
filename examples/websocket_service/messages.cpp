#include "messages.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

#include <algorithm>

namespace seat_service {
namespace {

constexpr std::size_t most_waiting = 20; // that are listed

std::int64_t in_ms(colock::duration span) {
    return std::chrono::duration_cast<milliseconds>(span).count();
}

/// How long until then, rounded up: what is held for half a millisecond more is held.
json::value remaining(colock::time_point until, colock::time_point now) {
    if (until == colock::never)
        return nullptr;
    return std::max<std::int64_t>(0, std::chrono::ceil<milliseconds>(until - now).count());
}

std::string_view mode_name(colock::lock_mode mode) {
    return mode == colock::lock_mode::shared ? "shared" : "exclusive";
}

std::string_view name_of(const identity_ptr& who) {
    return who ? std::string_view(who->name) : std::string_view();
}

template<class Strings>
json::array array_of(const Strings& strings) {
    json::array result;
    for (const std::string_view each : strings)
        result.emplace_back(each);
    return result;
}

} // namespace

std::string response(const std::string& id, const json::object& result) {
    return R"({"id":)" + id + R"(,"ok":true,"result":)" + json::serialize(result) + '}';
}

std::string error_response(const std::string& id, const failure& why) {
    json::object error{{"code", to_string(why.why)}, {"message", why.what()}};
    if (!why.about.empty())
        error["keys"] = array_of(why.about);
    return R"({"id":)" + id + R"(,"ok":false,"error":)" + json::serialize(error) + '}';
}

std::string event(std::string_view name, json::object members) {
    members["event"] = name;
    return json::serialize(members);
}

std::string lost_event(const std::string& lock, const std::vector<std::string>& keys, lost_why why) {
    return event("lost", {{"lock", lock},
                          {"keys", array_of(keys)},
                          {"why", why == lost_why::expired ? "expired" : "revoked"}});
}

bool viewer::sees(const key_state& state) const {
    return sees_all ||
           std::any_of(state.holders.begin(), state.holders.end(),
                       [&](const auto& each) { return is_me(each.who); }) ||
           std::any_of(state.waiting.begin(), state.waiting.end(),
                       [&](const auto& each) { return is_me(each.who); });
}

bool viewer::sees(const key_update& update) const {
    return sees(update.state) || std::any_of(update.changes.begin(), update.changes.end(),
                                             [&](const auto& each) { return is_me(each.who); });
}

json::object lock_result(const std::string& name, const colock::grant& held, bool expires,
                         colock::time_point now) {
    return {{"lock", name},
            {"keys", array_of(held.keys())},
            {"mode", mode_name(held.mode())},
            {"token", token_text(held.token())},
            {"remaining_ms", remaining(expires ? held.expires_at() : colock::never, now)}};
}

json::object lock_state(const key_state& state, const viewer& by) {
    json::array holders;
    for (const holder_state& each : state.holders) {
        if (!by.sees(each.who))
            continue;
        const bool mine = by.is_me(each.who);
        json::object holder{{"name", name_of(each.who)},
                            {"mine", mine},
                            {"token", token_text(each.token)},
                            {"held_ms", in_ms(by.now - each.since)},
                            {"remaining_ms", remaining(each.until, by.now)},
                            {"waited_ms", in_ms(each.waited)}};
        if (mine && !each.lock.empty())
            holder["lock"] = each.lock;
        if (mine && !each.owner.empty())
            holder["owner"] = each.owner;
        holders.push_back(std::move(holder));
    }
    json::array waiting;
    std::size_t waiters = 0;
    for (const waiting_state& each : state.waiting) {
        if (!by.sees(each.who) || ++waiters > most_waiting)
            continue;
        waiting.push_back({{"name", name_of(each.who)},
                           {"mine", by.is_me(each.who)},
                           {"waited_ms", in_ms(by.now - each.since)}});
    }
    return {{"key", state.key},
            {"mode", mode_name(state.mode)},
            {"holders", std::move(holders)},
            {"waiting", std::move(waiting)},
            {"waiters", waiters}};
}

json::object lock_changes(const std::vector<std::int64_t>& watches, const key_update& update,
                          const viewer& by) {
    using kind = colock::lock_event_kind;
    json::array changes;
    for (const key_change& each : update.changes) {
        if (!by.sees(each.who))
            continue;
        json::object change{
            {"kind", to_string(each.kind)}, {"name", name_of(each.who)}, {"mine", by.is_me(each.who)}};
        if (each.token != 0)
            change["token"] = token_text(each.token);
        const bool ended =
            each.kind == kind::released || each.kind == kind::expired || each.kind == kind::revoked;
        if (ended)
            change["held_ms"] = in_ms(each.elapsed);
        else if (each.kind != kind::queued && each.kind != kind::renewed)
            change["waited_ms"] = in_ms(each.elapsed);
        changes.push_back(std::move(change));
    }
    return {{"watch", json::value_from(watches)},
            {"state", lock_state(update.state, by)},
            {"changes", std::move(changes)}};
}

json::object seat_state(const seat& what, const identity& me) {
    json::object result{{"seat", seat_name(what.number)},
                        {"state", what.buyer ? "sold" : "free"},
                        {"mine", what.buyer && what.buyer->id == me.id},
                        {"version", what.version}};
    if (what.buyer)
        result["name"] = what.name;
    return result;
}

json::object place_state(const place& what) {
    return {{"request", json::parse(what.request)},
            {"key", what.key},
            {"place", what.place},
            {"waiters", what.waiters}};
}

json::object limits_state(const limits& allowed) {
    return {{"max_message", allowed.max_message},
            {"max_keys", allowed.max_keys},
            {"max_locks", allowed.max_locks},
            {"max_waits", allowed.max_waits},
            {"max_requests_per_second", allowed.max_requests_per_second},
            {"max_expire_ms", allowed.max_expire.count()},
            {"max_wait_ms", allowed.max_wait.count()},
            {"idle_timeout_ms", allowed.idle_timeout.count()}};
}

std::string token_text(std::uint64_t token) {
    return std::to_string(token);
}

} // namespace seat_service
