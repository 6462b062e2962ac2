#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace seat_service {

namespace asio = boost::asio;

/// Why a connection is closed, as RFC 6455 numbers it.
enum class close_code : std::uint16_t {
    going_away = 1001,
    unsupported_data = 1003,
    policy_violation = 1008,
    try_again_later = 1013,
};

/// The WebSocket of a connection, over TCP or TLS. To be used on the connection's strand: one read, one
/// write, one ping and one close at a time. Errors are thrown as boost::system::system_error.
class web_socket {
public:
    virtual ~web_socket() = default;

    struct message {
        std::string_view bytes; ///< until the next read
        bool is_text = true;
    };
    /// The next message. A message that breaks the protocol or the limit is answered with the close code it
    /// deserves, and is an error.
    [[nodiscard]] virtual asio::awaitable<message> read() = 0;
    [[nodiscard]] virtual asio::awaitable<void> write(std::string_view text) = 0;
    [[nodiscard]] virtual asio::awaitable<void> ping() = 0;
    /// Sends the reason once the current write has ended, and waits for the peer's; read() fails then.
    [[nodiscard]] virtual asio::awaitable<void> close(close_code code, std::string_view reason) = 0;
    /// Ends the connection at once; all that is pending fails.
    virtual void abort() noexcept = 0;

    /// When the peer was last heard of.
    [[nodiscard]] virtual std::chrono::steady_clock::time_point last_heard() const noexcept = 0;
};

} // namespace seat_service
