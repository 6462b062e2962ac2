#include "redis/protocol.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <limits>
#include <stdexcept>

namespace colock::redis {
namespace {

using namespace remote;

// Longer than this is no limit: the sum with a time must be exact in the scripts' numbers.
constexpr duration longest = std::chrono::hours(24 * 365 * 100);
constexpr duration message_lifetime = std::chrono::seconds(30);
constexpr std::int64_t slack = 5000; // µs by which our idea of the server's clock may be wrong

std::int64_t microseconds(duration span) noexcept { // rounded up
    return (span.count() + 999) / 1000;
}

std::int64_t span_or(std::int64_t endless, duration span) noexcept {
    return span >= longest ? endless : microseconds(span);
}

duration remaining(std::int64_t span) noexcept {
    return span < 0 ? forever : duration(std::chrono::microseconds(span));
}

std::string to_hex(std::uint64_t number) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number, 16).ptr;
    return {digits, end};
}

void add_keys(command& to, const key_set& keys) {
    for (const std::string_view key : keys)
        to.add(key);
}

/// One function for each step: the script's name, its flags, and its own arguments.
struct encoder {
    const dialect& with;
    const operation& what;
    const server_clock& clock;
    std::uint64_t link;
    bool observed;
    bool whole;

    [[nodiscard]] command begin(script_id id, std::string_view flags) const {
        const script& s = get(id);
        command c(whole ? std::string_view("EVAL") : std::string_view("EVALSHA"), whole ? s.text : s.sha, "2",
                  with.locks, with.ends, with.process);
        c.add(to_text(what.id)).add(what.tries).add(flags);
        return c.add(clock.at(what.sent_at + message_lifetime));
    }
    [[nodiscard]] std::string flags() const {
        std::string result;
        if (what.unanswered)
            result += 'r';
        if (observed)
            result += 'o';
        return result;
    }

    command operator()(const acquire_step& step) const {
        command c = begin(script_id::acquire, flags());
        std::int64_t deadline = -1;
        if (step.deadline)
            deadline = *step.deadline >= what.sent_at + longest ? 0 : clock.at(*step.deadline) + slack;
        c.add(what.mode == lock_mode::shared ? "S" : "X").add(what.scoped ? 1 : 0).add(what.owner);
        c.add(what.expire ? span_or(-1, *what.expire) : 0).add(deadline).add(with.max_waiters);
        add_keys(c, what.keys);
        return c;
    }
    command operator()(const leave_step& step) const {
        command c = begin(script_id::leave, step.first_link != link || what.unanswered ? "t" : "");
        add_keys(c, what.keys);
        return c;
    }
    command operator()(const release_step& step) const {
        command c = begin(script_id::release, flags());
        c.add(step.by_id ? "i" : "n").add(what.owner);
        add_keys(c, what.keys);
        return c;
    }
    command operator()(const extend_step& step) const {
        command c = begin(script_id::extend, "");
        c.add(span_or(-1, step.span));
        add_keys(c, what.keys);
        return c;
    }
    command operator()(const tick_step& step) const {
        command c = begin(script_id::tick, step.has_waiters ? "w" : "");
        c.add(step.cursor).add(static_cast<std::int64_t>(step.renewals.size()));
        for (const renewal& one : step.renewals)
            c.add(to_text(one.id)).add(one.key).add(span_or(microseconds(longest), one.lease));
        c.add(static_cast<std::int64_t>(step.calls.size()));
        for (const std::uint64_t number : step.calls)
            c.add(to_hex(number));
        for (const std::string& key : step.awaited)
            c.add(key);
        return c;
    }
    command operator()(const release_all_step& step) const {
        command c = begin(script_id::release_all, step.owner ? "" : "a");
        return c.add(step.owner.value_or("")).add(step.cursor).add(static_cast<std::int64_t>(step.newest));
    }
    command operator()(const list_step& step) const {
        command c = begin(script_id::list, step.owner ? "o" : "");
        return c.add(step.owner.value_or("")).add(step.cursor).add(step.prefix);
    }
    command operator()(const question_step& step) const {
        command c;
        for (const std::string& word : step.words)
            c.add(word);
        return c;
    }
    command operator()(const listen_step&) const { return command("SUBSCRIBE", with.channel()); }
    command operator()(const ping_step&) const { return command("PING"); }
};

std::uint64_t unsigned_number(const value& v) noexcept {
    return static_cast<std::uint64_t>(v.number());
}

std::vector<std::uint64_t> numbers(const value& list) {
    std::vector<std::uint64_t> result;
    for (std::size_t i = 0; i < list.size(); ++i) {
        std::uint64_t n = 0;
        const std::string_view digits = list[i].text();
        std::from_chars(digits.data(), digits.data() + digits.size(), n, 16);
        result.push_back(n);
    }
    return result;
}

lock_mode to_mode(std::string_view letter) noexcept {
    return letter == "S" ? lock_mode::shared : lock_mode::exclusive;
}

lock_event_kind to_kind(std::string_view name) noexcept {
    for (const auto kind : {lock_event_kind::renewed, lock_event_kind::released, lock_event_kind::expired})
        if (name == to_string(kind))
            return kind;
    return lock_event_kind::revoked;
}

std::vector<key_event> to_events(const value& list) {
    std::vector<key_event> result;
    for (std::size_t i = 0; i + 5 < list.size(); i += 6)
        result.push_back({to_kind(list[i].text()), std::string(list[i + 1].text()),
                          std::string(list[i + 2].text()), unsigned_number(list[i + 3]),
                          to_mode(list[i + 4].text()), std::chrono::microseconds(list[i + 5].number())});
    return result;
}

std::vector<lock_info> to_locks(const value& rows) {
    std::vector<lock_info> result;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const value row = rows[i];
        lock_info info{std::string(row[0].text()), {}, static_cast<std::size_t>(row[1].number())};
        const value holders = row[2];
        for (std::size_t j = 0; j + 6 < holders.size(); j += 7) {
            holder_info h;
            h.id = to_id(holders[j].text());
            h.token = unsigned_number(holders[j + 1]);
            h.mode = to_mode(holders[j + 2].text());
            h.scoped = holders[j + 3].number() != 0;
            h.owner = holders[j + 4].text();
            h.age = std::chrono::microseconds(holders[j + 5].number());
            h.remaining = remaining(holders[j + 6].number());
            info.holders.push_back(std::move(h));
        }
        result.push_back(std::move(info));
    }
    return result;
}

verdict to_verdict(std::string_view letter) {
    constexpr std::string_view letters = "gqhfnlsrti";
    constexpr verdict meant[] = {verdict::done, verdict::queued, verdict::refused, verdict::full,
                                 verdict::gone, verdict::late,   verdict::spent,   verdict::done,
                                 verdict::done, verdict::done};
    const auto at = letter.size() == 1 ? letters.find(letter) : std::string_view::npos;
    if (at == std::string_view::npos)
        throw std::runtime_error("unexpected answer \"" + std::string(letter) + '"');
    return meant[at];
}

} // namespace

void server_clock::observe(std::int64_t server, time_point sent, time_point received) noexcept {
    const auto us = [](time_point at) {
        return std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
    };
    ahead_ = std::clamp(ahead_, server - us(received), server - us(sent));
}

std::int64_t server_clock::at(time_point when) const noexcept {
    return std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count() + ahead_;
}

dialect::dialect(const std::string& name_space, std::uint64_t origin, std::size_t max_waiters)
    : prefix('{' + name_space + "}:"), locks(prefix + "locks"), ends(prefix + "ends"),
      process(to_text({origin, 0}).substr(0, 16)),
      max_waiters(static_cast<std::int64_t>(std::min<std::size_t>(max_waiters, std::size_t{1} << 52))) {}

command encode(const dialect& with, const operation& what, const server_clock& clock, std::uint64_t link,
               bool observed, bool whole) {
    return std::visit(encoder{with, what, clock, link, observed, whole}, what.what);
}

reply decode(const operation& what, const value& answer, std::int64_t& server_time, side_effects& besides) {
    reply result;
    server_time = 0;
    if (std::holds_alternative<question_step>(what.what)) {
        result.words.emplace_back(answer.text());
        for (std::size_t i = 0; i < answer.size(); ++i)
            result.words.emplace_back(answer[i].text());
        return result;
    }
    if (answer.is_number()) { // the common case
        if (std::holds_alternative<release_step>(what.what)) {
            result.count = static_cast<std::size_t>(answer.number());
        } else {
            result.token = unsigned_number(answer);
            result.id = what.id;
            if (what.expire && *what.expire < longest)
                result.remaining = *what.expire;
        }
        return result;
    }
    result.what = to_verdict(answer[0].text());
    server_time = answer[1].number();
    if (std::holds_alternative<acquire_step>(what.what)) {
        if (result.what == verdict::done) {
            result.token = unsigned_number(answer[2]);
            const std::int64_t ends = answer[3].number();
            result.remaining = ends == 0 ? forever : remaining(std::max<std::int64_t>(ends - server_time, 0));
            result.id = answer[4].text().empty() ? what.id : to_id(answer[4].text());
            result.same_hold = answer[5].number() != 0;
        } else if (result.what == verdict::queued) {
            result.remaining = remaining(answer[2].number());
        }
        besides = {numbers(answer[6]), numbers(answer[7]), to_events(answer[8])};
        for (std::size_t i = 0; i < answer[9].size(); ++i)
            result.waiters.push_back(static_cast<std::size_t>(answer[9][i].number()));
    } else if (std::holds_alternative<list_step>(what.what)) {
        result.cursor = answer[2].text();
        result.locks = to_locks(answer[3]);
    } else {
        besides = {numbers(answer[3]), numbers(answer[4]), to_events(answer[5])};
        if (std::holds_alternative<tick_step>(what.what)) {
            result.missing = numbers(answer[2]);
            result.lost = numbers(answer[6]);
            for (std::size_t i = 0; i < answer[7].size(); ++i)
                result.changes.push_back(remaining(answer[7][i].number()));
            result.cursor = answer[8].text();
            result.more = answer[9].number() != 0;
        } else {
            result.count = static_cast<std::size_t>(answer[2].number());
            result.cursor = answer[6].text();
            result.newest = unsigned_number(answer[7]);
        }
    }
    return result;
}

std::vector<std::uint64_t> decode_numbers(std::string_view text) {
    std::vector<std::uint64_t> result;
    for (std::size_t at = 1; at < text.size();) {
        std::uint64_t n = 0;
        const auto end = std::from_chars(text.data() + at, text.data() + text.size(), n, 16).ptr;
        result.push_back(n);
        at = static_cast<std::size_t>(end - text.data()) + 1;
    }
    return result;
}

std::string to_text(const grant_id& id) {
    char text[40];
    const int length =
        std::snprintf(text, sizeof text, "%016llx.%llx", static_cast<unsigned long long>(id.origin),
                      static_cast<unsigned long long>(id.number));
    return {text, static_cast<std::size_t>(length)};
}

grant_id to_id(std::string_view text) noexcept {
    grant_id id;
    const auto dot = std::min(text.find('.'), text.size());
    std::from_chars(text.data(), text.data() + dot, id.origin, 16);
    if (dot < text.size())
        std::from_chars(text.data() + dot + 1, text.data() + text.size(), id.number, 16);
    return id;
}

} // namespace colock::redis
