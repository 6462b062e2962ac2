#include "request.hpp"

#include "seat_names.hpp"

#include <colock/key_set.hpp>

#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

namespace seat_service {
namespace {

namespace json = boost::json;

constexpr std::size_t max_depth = 8; // of a message; the protocol's own have 2
constexpr std::size_t max_seats = 8; // of one request
constexpr std::size_t max_prefix = 512;

struct invalid {
    std::string why;
};

/// The beginning of a text of the client, which is UTF-8 and must be cut between two characters.
std::string quoted(std::string_view text) {
    constexpr std::size_t shown = 40;
    std::size_t end = std::min(text.size(), shown);
    while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
        --end;
    return json::serialize(json::string(text.substr(0, end)));
}

bool printable(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// The members of a request, of which each is taken once.
class members {
public:
    members(const json::object& from, std::size_t taken) : from_(from), taken_(taken) {}

    /// Null if it is not there.
    const json::value* find(const char* name) {
        const json::value* found = from_.if_contains(name);
        if (found)
            ++taken_;
        return found;
    }

    const json::value& get(const char* name) {
        const json::value* found = find(name);
        if (!found)
            throw invalid{"\"" + std::string(name) + "\" is missing"};
        return *found;
    }

    /// A member that nobody asked for is an error: it may be a misspelled one.
    void expect_no_more() const {
        if (taken_ == from_.size())
            return;
        throw invalid{"the request has a member that its operation does not know"};
    }

private:
    const json::object& from_;
    std::size_t taken_;
};

std::string text_of(const json::value& from, const char* name, std::size_t least, std::size_t most) {
    const json::string* text = from.if_string();
    if (!text || text->size() < least || text->size() > most)
        throw invalid{"\"" + std::string(name) + "\" must be a string of " + std::to_string(least) + " to " +
                      std::to_string(most) + " bytes"};
    return {text->data(), text->size()};
}

std::string text(members& from, const char* name, std::size_t least, std::size_t most) {
    return text_of(from.get(name), name, least, most);
}

std::optional<std::string> text_if(members& from, const char* name, std::size_t least, std::size_t most) {
    const json::value* found = from.find(name);
    return found ? std::optional(text_of(*found, name, least, most)) : std::nullopt;
}

/// A name that is shown to people and written to logs.
std::string name_of(const json::value& from, const char* name, std::size_t most) {
    std::string result = text_of(from, name, 1, most);
    if (!printable(result))
        throw invalid{"\"" + std::string(name) + "\" must not have control characters"};
    return result;
}

std::optional<std::string> name_if(members& from, const char* name, std::size_t most) {
    const json::value* found = from.find(name);
    return found ? std::optional(name_of(*found, name, most)) : std::nullopt;
}

std::int64_t whole_number(const json::value& from, const char* name, std::int64_t least, std::int64_t most) {
    const std::int64_t* number = from.if_int64();
    if (!number || *number < least || *number > most)
        throw invalid{"\"" + std::string(name) + "\" must be a whole number from " + std::to_string(least) +
                      " to " + std::to_string(most)};
    return *number;
}

std::optional<milliseconds> span_if(members& from, const char* name, std::int64_t least, milliseconds most) {
    const json::value* found = from.find(name);
    return found ? std::optional(milliseconds(whole_number(*found, name, least, most.count())))
                 : std::nullopt;
}

milliseconds wait(members& from, milliseconds otherwise, const limits& allowed) {
    return span_if(from, "wait_ms", 0, allowed.max_wait).value_or(otherwise);
}

const json::array& array(members& from, const char* name, std::size_t most) {
    const json::array* found = from.get(name).if_array();
    if (!found || found->empty() || found->size() > most)
        throw invalid{"\"" + std::string(name) + "\" must be an array of 1 to " + std::to_string(most)};
    return *found;
}

std::string id_of(const json::value& from, const char* name) {
    const json::string* text = from.if_string();
    if ((text && text->size() <= max_request_id) || from.is_int64() || from.is_uint64())
        return json::serialize(from);
    throw invalid{"\"" + std::string(name) + "\" must be an integer, or a string of at most " +
                  std::to_string(max_request_id) + " bytes"};
}

seat_list seats_of(members& from) {
    seat_list result;
    for (const json::value& each : array(from, "seats", max_seats)) {
        const json::string* name = each.if_string();
        const std::optional<std::size_t> number =
            name ? seat_number({name->data(), name->size()}) : std::nullopt;
        if (!number)
            throw invalid{"\"seats\" must be names such as \"A1\""};
        result.push_back(*number);
    }
    std::sort(result.begin(), result.end());
    result.erase(std::unique(result.begin(), result.end()), result.end());
    return result;
}

// ---- the operations ----

hello read_hello(members& from, const limits&) {
    whole_number(from.get("protocol"), "protocol", 1, 1);
    return {.token = text_if(from, "token", 1, 512),
            .name = name_if(from, "name", 40),
            .secret = text_if(from, "secret", 16, 128)};
}

acquire read_acquire(members& from, const limits& allowed) {
    acquire result;
    for (const json::value& key : array(from, "keys", allowed.max_keys))
        result.keys.push_back(text_of(key, "keys", 1, colock::max_name_length));
    result.owner = name_if(from, "owner", 64);
    result.expire = span_if(from, "expire_ms", 1, allowed.max_expire);
    result.wait = wait(from, milliseconds(0), allowed);
    if (const json::value* mode = from.find("mode")) {
        if (*mode == "shared")
            result.mode = colock::lock_mode::shared;
        else if (*mode != "exclusive")
            throw invalid{"\"mode\" must be \"exclusive\" or \"shared\""};
    }
    if (result.owner && !result.expire)
        throw invalid{"an owner's lock needs \"expire_ms\": nobody else can end it"};
    return result;
}

extend read_extend(members& from, const limits& allowed) {
    std::string lock = text(from, "lock", 1, 64);
    return {.lock = std::move(lock),
            .expire = milliseconds(
                whole_number(from.get("expire_ms"), "expire_ms", 1, allowed.max_expire.count()))};
}

release read_release(members& from, const limits&) {
    return {.lock = text(from, "lock", 1, 64)};
}

release_all read_release_all(members& from, const limits&) {
    return {.owner = name_if(from, "owner", 64)};
}

abandon read_abandon(members& from, const limits&) {
    return {.request = id_of(from.get("request"), "request")};
}

list read_list(members& from, const limits&) {
    return {.prefix = text_if(from, "prefix", 0, max_prefix).value_or("")};
}

watch read_watch(members& from, const limits&) {
    return {.prefix = text_if(from, "prefix", 0, max_prefix).value_or("")};
}

unwatch read_unwatch(members& from, const limits&) {
    return {.watch = whole_number(from.get("watch"), "watch", 1, INT64_MAX)};
}

reserve read_reserve(members& from, const limits& allowed) {
    return {.seats = seats_of(from),
            .name = name_if(from, "name", 40),
            .lock = text_if(from, "lock", 1, 64),
            .wait = wait(from, reserve().wait, allowed)};
}

rename read_rename(members& from, const limits& allowed) {
    return {.seats = seats_of(from),
            .name = name_of(from.get("name"), "name", 40),
            .wait = wait(from, rename().wait, allowed)};
}

give_back read_give_back(members& from, const limits& allowed) {
    return {.seats = seats_of(from), .wait = wait(from, give_back().wait, allowed)};
}

template<class Empty>
Empty nothing_to_read(members&, const limits&) {
    return {};
}

template<auto Read>
operation read(members& from, const limits& allowed) {
    return Read(from, allowed);
}

/// In the order of operation_names.
constexpr operation (*readers[])(members&, const limits&) = {
    read<read_hello>,
    read<read_acquire>,
    read<read_extend>,
    read<read_release>,
    read<read_release_all>,
    read<read_abandon>,
    read<read_list>,
    read<read_watch>,
    read<read_unwatch>,
    read<nothing_to_read<ping>>,
    read<nothing_to_read<seats>>,
    read<nothing_to_read<watch_seats>>,
    read<read_reserve>,
    read<read_rename>,
    read<read_give_back>,
};
static_assert(std::size(readers) == std::size(operation_names));

} // namespace

std::variant<request, refusal> parse_request(std::string_view text, const limits& allowed) {
    // Most messages are small: their parse tree fits here.
    unsigned char buffer[4096];
    json::monotonic_resource memory(buffer, sizeof buffer);
    json::parse_options options;
    options.max_depth = max_depth;
    boost::system::error_code error;
    const json::value message =
        json::parse(json::string_view(text.data(), text.size()), error, &memory, options);
    refusal refused;
    if (error) {
        refused.message = "not JSON: " + error.message();
        return refused;
    }
    const json::object* object = message.if_object();
    if (!object) {
        refused.message = "a request must be an object";
        return refused;
    }
    try {
        members all(*object, 0);
        refused.id = id_of(all.get("id"), "id");
        const json::value& op = all.get("op");
        if (!op.is_string())
            throw invalid{"\"op\" must be a string"};
        const std::string_view name{op.get_string().data(), op.get_string().size()};
        const auto* known = std::find(std::begin(operation_names), std::end(operation_names), name);
        if (known == std::end(operation_names)) {
            refused.why = fault::unknown_operation;
            throw invalid{"there is no operation " + quoted(name)};
        }
        operation what = readers[known - std::begin(operation_names)](all, allowed);
        all.expect_no_more();
        return request{.id = std::move(refused.id), .what = std::move(what)};
    } catch (const invalid& error_of_client) {
        refused.message = error_of_client.why;
        return refused;
    }
}

} // namespace seat_service
