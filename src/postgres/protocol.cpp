#include "postgres/protocol.hpp"

#include <charconv>
#include <limits>
#include <stdexcept>

namespace colock::postgres {
namespace {

using namespace remote;

std::int64_t as_signed(std::uint64_t number) noexcept {
    return static_cast<std::int64_t>(number);
}

std::string keys_of(const key_set& keys) {
    array_text text;
    for (const std::string_view key : keys)
        text.add(key);
    return std::move(text).finish();
}

/// The engine's cursors are text, "0" at both ends; here they are keys.
std::optional<std::string> to_cursor(const std::string& cursor) {
    if (cursor == "0")
        return std::nullopt;
    return cursor;
}

/// One function for each step: the parameters in the order of the SQL function.
struct encoder {
    const dialect& with;
    const operation& what;
    const server_clock& clock;
    std::uint64_t link;
    bool observed;
    call result = {};

    template<class... Values>
    call begin(function_id id, Values&&... values) {
        result.function = id;
        add(with.name_space);
        (add(std::forward<Values>(values)), ...);
        return std::move(result);
    }
    void add(std::string text) { result.parameters.emplace_back(std::move(text)); }
    void add(std::optional<std::string> text) { result.parameters.push_back(std::move(text)); }
    void add(std::int64_t number) { add(std::to_string(number)); }
    void add(bool truth) { add(std::string(truth ? "t" : "f")); }

    [[nodiscard]] std::int64_t origin() const { return as_signed(what.id.origin); }
    [[nodiscard]] std::int64_t number() const { return as_signed(what.id.number); }
    [[nodiscard]] std::int64_t valid_until() const { return clock.at(what.sent_at + message_lifetime); }
    [[nodiscard]] std::string flags() const {
        std::string text;
        if (what.unanswered)
            text += 'r';
        if (observed)
            text += 'o';
        return text;
    }

    call operator()(const acquire_step& step) {
        std::optional<std::string> deadline;
        if (step.deadline)
            deadline = std::to_string(clock.deadline(*step.deadline, what.sent_at));
        return begin(function_id::acquire, origin(), number(), std::int64_t{what.tries}, flags(),
                     valid_until(), what.mode == lock_mode::shared, what.scoped, to_bytea(what.owner),
                     what.expire ? span_or(-1, *what.expire) : std::int64_t{0}, deadline, with.max_waiters,
                     keys_of(what.keys));
    }
    call operator()(const leave_step& step) {
        return begin(function_id::leave, origin(), number(),
                     std::string(step.first_link != link || what.unanswered ? "t" : ""), keys_of(what.keys));
    }
    call operator()(const release_step& step) {
        return begin(function_id::release, origin(), number(), std::int64_t{what.tries}, flags(),
                     valid_until(), step.by_id, to_bytea(what.owner), keys_of(what.keys));
    }
    call operator()(const extend_step& step) {
        return begin(function_id::extend, origin(), number(), valid_until(), span_or(-1, step.span),
                     keys_of(what.keys));
    }
    call operator()(const tick_step& step) {
        array_text leases;
        array_text keys;
        array_text spans;
        for (const renewal& one : step.renewals) {
            leases.add(as_signed(one.id.number));
            keys.add(one.key);
            spans.add(span_or(microseconds(longest_span), one.lease));
        }
        array_text calls;
        for (const std::uint64_t one : step.calls)
            calls.add(as_signed(one));
        array_text awaited;
        for (const std::string& key : step.awaited)
            awaited.add(key);
        return begin(function_id::tick, with.origin, valid_until(), step.has_waiters, to_cursor(step.cursor),
                     std::move(leases).finish(), std::move(keys).finish(), std::move(spans).finish(),
                     std::move(calls).finish(), std::move(awaited).finish());
    }
    call operator()(const release_all_step& step) {
        std::optional<std::string> owner;
        if (step.owner)
            owner = to_bytea(*step.owner);
        return begin(function_id::release_all, with.origin, owner, to_cursor(step.cursor),
                     as_signed(step.newest));
    }
    call operator()(const list_step& step) {
        std::optional<std::string> owner;
        if (step.owner)
            owner = to_bytea(*step.owner);
        std::string beyond = step.prefix;
        while (!beyond.empty() && static_cast<unsigned char>(beyond.back()) == 0xff)
            beyond.pop_back();
        std::optional<std::string> end;
        if (!beyond.empty()) {
            beyond.back() = static_cast<char>(static_cast<unsigned char>(beyond.back()) + 1);
            end = to_bytea(beyond);
        }
        return begin(function_id::list, owner, to_cursor(step.cursor), to_bytea(step.prefix), end);
    }
    call operator()(const question_step& step) { return {function_id::none, step.words.at(0), {}}; }
    call operator()(const listen_step&) {
        return {function_id::none, "LISTEN \"" + with.channel() + '"', {}};
    }
    call operator()(const ping_step&) { return {function_id::none, "SELECT 1", {}}; }
};

/// A line of an answer: see the type `line` in tables.sql.
class line {
public:
    line(const PGresult& of, int row) : of_(of), row_(row) {}

    [[nodiscard]] std::string_view what() const { return text_at(of_, row_, 0); }
    [[nodiscard]] std::int64_t at() const { return number_at(of_, row_, 1); }
    [[nodiscard]] std::uint64_t origin() const { return static_cast<std::uint64_t>(number_at(of_, row_, 2)); }
    [[nodiscard]] std::uint64_t number() const { return static_cast<std::uint64_t>(number_at(of_, row_, 3)); }
    [[nodiscard]] std::uint64_t token() const { return static_cast<std::uint64_t>(number_at(of_, row_, 4)); }
    [[nodiscard]] std::int64_t span() const { return number_at(of_, row_, 5); }
    [[nodiscard]] std::string key() const { return bytes_at(of_, row_, 6); }
    [[nodiscard]] std::string owner() const { return bytes_at(of_, row_, 7); }
    [[nodiscard]] bool truth() const { return text_at(of_, row_, 8) == "t"; }
    [[nodiscard]] lock_mode mode() const { return truth() ? lock_mode::shared : lock_mode::exclusive; }
    [[nodiscard]] std::string cursor() const {
        return PQgetisnull(&of_, row_, 6) ? std::string("0") : to_bytea(key());
    }

private:
    const PGresult& of_;
    const int row_;
};

std::optional<verdict> to_verdict(std::string_view word) noexcept {
    constexpr std::pair<std::string_view, verdict> words[] = {
        {"done", verdict::done},  {"queued", verdict::queued}, {"refused", verdict::refused},
        {"full", verdict::full},  {"gone", verdict::gone},     {"late", verdict::late},
        {"spent", verdict::spent}};
    for (const auto& [name, meant] : words)
        if (word == name)
            return meant;
    return std::nullopt;
}

/// What became of the step.
void understand(const operation& what, const line& first, verdict meant, reply& result) {
    result.what = meant;
    if (std::holds_alternative<acquire_step>(what.what)) {
        if (meant == verdict::done) {
            result.token = first.token();
            result.id = {first.origin(), first.number()};
            result.same_hold = first.truth();
            const std::int64_t end = first.span();
            result.remaining = end == 0 ? forever : remaining(std::max<std::int64_t>(end - first.at(), 0));
        } else if (meant == verdict::queued) {
            result.remaining = remaining(first.span());
        }
        return;
    }
    result.count = static_cast<std::size_t>(first.number());
    result.more = first.number() != 0;
    result.newest = first.token();
    result.cursor = first.cursor();
}

/// A line that tells something else.
void understand(const line& more, reply& result, side_effects& besides) {
    const std::string_view word = more.what();
    if (word == "wake")
        besides.woken.push_back(more.number());
    else if (word == "lost")
        besides.lost.push_back(more.number());
    else if (word == "waiters")
        result.waiters.push_back(static_cast<std::size_t>(more.number()));
    else if (word == "missing")
        result.missing.push_back(more.number());
    else if (word == "unrenewed")
        result.lost.push_back(more.number());
    else if (word == "change")
        result.changes.push_back(remaining(more.span()));
    else if (word == "key")
        result.locks.push_back({more.key(), {}, static_cast<std::size_t>(more.number())});
    else if ((word == "holder" || word == "scope") && !result.locks.empty())
        result.locks.back().holders.push_back({.owner = more.owner(),
                                               .id = {more.origin(), more.number()},
                                               .token = more.token(),
                                               .mode = more.mode(),
                                               .scoped = word == "scope",
                                               .age = std::chrono::microseconds(more.at()),
                                               .remaining = remaining(more.span())});
    else if (word == "expired" || word == "released" || word == "renewed" || word == "revoked")
        besides.events.push_back({to_event_kind(word), more.key(), more.owner(), more.token(), more.mode(),
                                  std::chrono::microseconds(more.span())});
    else
        throw std::runtime_error("unexpected answer \"" + std::string(word) + '"');
}

} // namespace

const std::array<function, function_count> functions{{
    {"acquire", "$1::text, $2::int8, $3::int8, $4::int8, $5::text, $6::int8, $7::bool, $8::bool, $9::bytea, "
                "$10::int8, $11::int8, $12::int8, $13::bytea[]"},
    {"leave", "$1::text, $2::int8, $3::int8, $4::text, $5::bytea[]"},
    {"release",
     "$1::text, $2::int8, $3::int8, $4::int8, $5::text, $6::int8, $7::bool, $8::bytea, $9::bytea[]"},
    {"extend", "$1::text, $2::int8, $3::int8, $4::int8, $5::int8, $6::bytea[]"},
    {"tick",
     "$1::text, $2::int8, $3::int8, $4::bool, $5::bytea, $6::int8[], $7::bytea[], $8::int8[], $9::int8[], "
     "$10::bytea[]"},
    {"release_all", "$1::text, $2::int8, $3::bytea, $4::bytea, $5::int8"},
    {"list", "$1::text, $2::bytea, $3::bytea, $4::bytea, $5::bytea"},
}};

std::string prepared_name(function_id id) {
    return "colock_" + std::string(functions[static_cast<std::size_t>(id)].name);
}

std::string statement_text(function_id id, std::string_view schema) {
    const function& f = functions[static_cast<std::size_t>(id)];
    std::string text = "SELECT * FROM ";
    text.append(schema).append(1, '.').append(f.name).append(1, '(').append(f.parameters).append(1, ')');
    return text;
}

std::string dialect::channel() const {
    char digits[16];
    const auto end =
        std::to_chars(digits, digits + sizeof digits, static_cast<std::uint64_t>(origin), 16).ptr;
    return "colock_" + std::string(digits, end);
}

call encode(const dialect& with, const operation& what, const server_clock& clock, std::uint64_t link,
            bool observed) {
    return std::visit(encoder{with, what, clock, link, observed}, what.what);
}

reply decode(const operation& what, const PGresult& answer, std::int64_t& server_time,
             side_effects& besides) {
    reply result;
    server_time = 0;
    if (std::holds_alternative<question_step>(what.what)) {
        for (int row = 0; row < PQntuples(&answer); ++row)
            for (int column = 0; column < PQnfields(&answer); ++column)
                result.words.emplace_back(text_at(answer, row, column));
        return result;
    }
    if (std::holds_alternative<ping_step>(what.what))
        return result;
    if (PQnfields(&answer) != 9)
        throw std::runtime_error("unexpected answer");
    for (int row = 0; row < PQntuples(&answer); ++row) {
        const line one(answer, row);
        if (const auto meant = to_verdict(one.what())) {
            server_time = one.at();
            understand(what, one, *meant, result);
        } else {
            understand(one, result, besides);
        }
    }
    if (server_time == 0)
        throw std::runtime_error("an answer that does not say what was done");
    return result;
}

} // namespace colock::postgres
