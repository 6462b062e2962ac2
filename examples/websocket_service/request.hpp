#pragma once

#include "fault.hpp"
#include "limits.hpp"

#include <colock/options.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace seat_service {

/// The seats of a request: their numbers, each once, in order.
using seat_list = std::vector<std::size_t>;

// The operations of the protocol, as PROTOCOL.md describes them.

struct hello {
    std::optional<std::string> token;
    std::optional<std::string> name;
    std::optional<std::string> secret;
};
struct acquire {
    std::vector<std::string> keys;
    std::optional<std::string> owner;
    std::optional<milliseconds> expire;
    milliseconds wait{0};
    colock::lock_mode mode = colock::lock_mode::exclusive;
};
struct extend {
    std::string lock;
    milliseconds expire{0};
};
struct release {
    std::string lock;
};
struct release_all {
    std::optional<std::string> owner;
};
struct abandon {
    std::string request; ///< its id, as request::id
};
struct list {
    std::string prefix;
};
struct watch {
    std::string prefix;
};
struct unwatch {
    std::int64_t watch = 0;
};
struct ping {};
struct seats {};
struct watch_seats {};
struct reserve {
    seat_list seats;
    std::optional<std::string> name;
    std::optional<std::string> lock;
    milliseconds wait{5'000};
};
struct rename {
    seat_list seats;
    std::string name;
    milliseconds wait{5'000};
};
struct give_back {
    seat_list seats;
    milliseconds wait{5'000};
};

/// In the order of operation_names.
using operation = std::variant<hello, acquire, extend, release, release_all, abandon, list, watch, unwatch,
                               ping, seats, watch_seats, reserve, rename, give_back>;

/// What the protocol calls the alternatives of operation.
inline constexpr std::string_view operation_names[] = {
    "hello",   "acquire", "extend", "release",     "release_all", "abandon", "list",     "watch",
    "unwatch", "ping",    "seats",  "watch_seats", "reserve",     "rename",  "give_back"};
static_assert(std::size(operation_names) == std::variant_size_v<operation>);

/// The longest id of a request, as a string; in bytes.
inline constexpr std::size_t max_request_id = 64;

/// A request that can be worked on.
struct request {
    std::string id; ///< as it is written in JSON
    operation what;
};

/// A message that is not.
struct refusal {
    std::string id = "null"; ///< as it is written in JSON
    fault why = fault::bad_request;
    std::string message;
};

/// Reads a message of a client. Never throws but for lack of memory, whatever the text is.
[[nodiscard]] std::variant<request, refusal> parse_request(std::string_view text, const limits& allowed);

} // namespace seat_service
