#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ws {

namespace json = boost::json;

/// The code of an end without a close frame, as RFC 6455 has it.
inline constexpr std::uint16_t no_close_code = 1006;

/// The server answered the handshake with something else.
struct handshake_refused : std::runtime_error {
    explicit handshake_refused(unsigned http_status)
        : std::runtime_error("the handshake was answered with " + std::to_string(http_status)),
          status(http_status) {}

    unsigned status;
};

struct connection_closed : std::runtime_error {
    explicit connection_closed(std::uint16_t close_code)
        : std::runtime_error("the connection was closed with " + std::to_string(close_code)),
          code(close_code) {}

    std::uint16_t code;
};

struct no_answer : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A response or an event: one JSON object of the server.
class reply {
public:
    reply() = default;
    explicit reply(json::object message) : message_(std::move(message)) {}

    [[nodiscard]] bool ok() const;

    /// The error's code; empty if there is none.
    [[nodiscard]] std::string error() const;

    /// The member `result`.
    /// \throws std::runtime_error shows the response if it has none
    [[nodiscard]] const json::object& result() const;

    [[nodiscard]] std::string text_of(std::string_view member) const;    ///< of the result
    [[nodiscard]] std::int64_t number_of(std::string_view member) const; ///< of the result
    [[nodiscard]] std::uint64_t token() const;                           ///< of the result

    [[nodiscard]] const json::object& message() const noexcept { return message_; }
    [[nodiscard]] std::string to_text() const;

private:
    json::object message_;
};

} // namespace ws
