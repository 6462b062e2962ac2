#include "redis/protocol.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <stdexcept>

namespace colock::redis {
namespace {

using namespace remote;

/// A short text, on the stack.
class short_text {
public:
    short_text& add(char c) noexcept {
        if (size_ < sizeof text_)
            text_[size_++] = c;
        return *this;
    }
    template<class Number>
    short_text& add(Number number, int base) noexcept {
        char* const to = text_ + size_;
        size_ += static_cast<std::size_t>(std::to_chars(to, std::end(text_), number, base).ptr - to);
        return *this;
    }
    short_text& add_word(std::uint64_t number) noexcept { // 16 hexadecimal digits
        for (int shift = 60; shift >= 0; shift -= 4)
            add("0123456789abcdef"[number >> shift & 15]);
        return *this;
    }
    short_text& add(const grant_id& id) noexcept { return add_word(id.origin).add('.').add(id.number, 16); }
    operator std::string_view() const noexcept { return {text_, size_}; } // NOLINT(*-explicit-*)

private:
    char text_[72]; // three numbers at most
    std::size_t size_ = 0;
};

/// One function for each step: the script's name, how it is to be done, and its own arguments.
struct encoder {
    const dialect& with;
    const operation& what;
    const server_clock& clock;
    std::uint64_t link;
    bool observed;
    bool whole;
    command_writer out;

    /// `more`: words that follow.
    command_writer& begin(script_id id, std::string_view how, std::size_t more) {
        const script& s = get(id);
        out.begin(7 + more);
        out.add(whole ? std::string_view("EVAL") : std::string_view("EVALSHA")).add(whole ? s.text : s.sha);
        out.add(std::string_view("1")).add(with.locks).add(short_text().add(what.id));
        return out.add(clock.at(what.sent_at + message_lifetime)).add(how);
    }
    [[nodiscard]] short_text& add_flags(short_text& to) const noexcept {
        if (what.unanswered)
            to.add('r');
        if (observed)
            to.add('o');
        return to;
    }
    void add_keys() {
        for (const std::string_view key : what.keys)
            out.add(key);
    }

    void operator()(const acquire_step& step) {
        std::int64_t deadline = -1;
        if (step.deadline)
            deadline = clock.deadline(*step.deadline, what.sent_at);
        short_text how;
        how.add(what.mode == lock_mode::shared ? 'S' : 'X').add(what.scoped ? '1' : '0');
        begin(script_id::acquire, add_flags(how), 3 + what.keys.size());
        out.add(what.expire ? span_or(-1, *what.expire) : 0).add(what.owner);
        out.add(
            short_text().add(what.tries, 10).add(' ').add(deadline, 10).add(' ').add(with.max_waiters, 10));
        add_keys();
    }
    void operator()(const leave_step& step) {
        begin(script_id::leave, step.first_link != link || what.unanswered ? "t" : "", what.keys.size());
        add_keys();
    }
    void operator()(const release_step& step) {
        short_text how;
        how.add(step.by_id ? 'i' : 'n');
        begin(script_id::release, add_flags(how), 2 + what.keys.size());
        out.add(what.owner).add(std::int64_t{what.tries});
        add_keys();
    }
    void operator()(const extend_step& step) {
        begin(script_id::extend, "", 1 + what.keys.size()).add(span_or(-1, step.span));
        add_keys();
    }
    void operator()(const tick_step& step) {
        begin(script_id::tick, step.has_waiters ? "w" : "",
              3 + 3 * step.renewals.size() + step.calls.size() + step.awaited.size());
        out.add(step.cursor).add(static_cast<std::int64_t>(step.renewals.size()));
        for (const renewal& one : step.renewals)
            out.add(short_text().add(one.id))
                .add(one.key)
                .add(span_or(microseconds(longest_span), one.lease));
        out.add(static_cast<std::int64_t>(step.calls.size()));
        for (const std::uint64_t number : step.calls)
            out.add(short_text().add(number, 16));
        for (const std::string& key : step.awaited)
            out.add(key);
    }
    void operator()(const release_all_step& step) {
        begin(script_id::release_all, step.owner ? "" : "a", 3);
        out.add(step.owner ? std::string_view(*step.owner) : std::string_view());
        out.add(step.cursor).add(static_cast<std::int64_t>(step.newest));
    }
    void operator()(const list_step& step) {
        begin(script_id::list, step.owner ? "o" : "", 3);
        out.add(step.owner ? std::string_view(*step.owner) : std::string_view());
        out.add(step.cursor).add(step.prefix);
    }
    void operator()(const question_step& step) {
        out.begin(step.words.size());
        for (const std::string& word : step.words)
            out.add(word);
    }
    void operator()(const listen_step&) {
        out.begin(2).add(std::string_view("SUBSCRIBE")).add(with.channel());
    }
    void operator()(const ping_step&) { out.begin(1).add(std::string_view("PING")); }
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

std::vector<key_event> to_events(const value& list) {
    std::vector<key_event> result;
    for (std::size_t i = 0; i + 5 < list.size(); i += 6)
        result.push_back({to_event_kind(list[i].text()), std::string(list[i + 1].text()),
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

dialect::dialect(const std::string& name_space, std::uint64_t origin, std::size_t max_waiters)
    : prefix('{' + name_space + "}:"), locks(prefix + "locks"), process(to_text({origin, 0}).substr(0, 16)),
      max_waiters(static_cast<std::int64_t>(std::min<std::size_t>(max_waiters, std::size_t{1} << 52))) {}

void encode(const dialect& with, const operation& what, const server_clock& clock, std::uint64_t link,
            bool observed, bool whole, std::string& out) {
    std::visit(encoder{with, what, clock, link, observed, whole, command_writer(out)}, what.what);
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
            if (what.expire && *what.expire < longest_span)
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

std::string to_text(const grant_id& id) {
    return std::string(short_text().add(id));
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
