#pragma once

#include "reply.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ws {

namespace asio = boost::asio;
using milliseconds = std::chrono::milliseconds;

/// Where a client connects, and how it behaves.
struct client_options {
    std::uint16_t port = 0;
    std::string host = "127.0.0.1"; ///< an address: names are not looked up
    std::string target = "/ws";
    std::optional<std::string> authorization; ///< headers of the handshake
    std::optional<std::string> origin;
    std::optional<std::string> subprotocol;
    milliseconds patience{10'000};       ///< the limit of each wait
    std::optional<int> receive_buffer;   ///< bytes that the system keeps for it, for slow readers
    bool reads = true;                   ///< false: not before start_reading; pings are not answered either
    std::function<void(reply)> on_event; ///< takes the events; without it they are kept for next_event
};

/// A client of the seat service that can also misbehave. Its functions are called on its executor, which runs
/// one handler at a time; so is on_event. A client that is destroyed drops its connection.
class client {
public:
    client(asio::any_io_executor executor, client_options options);
    ~client();
    client(client&&) noexcept;
    client& operator=(client&&) noexcept;

    /// TCP and the handshake.
    /// \throws handshake_refused, or boost::system::system_error where there is no HTTP response at all
    asio::awaitable<void> connect();

    /// Sends a request under a new id, which is returned. `members` are written as in JSON, without braces:
    /// `send("acquire", R"("keys": ["a"], "wait_ms": 500)")`.
    std::uint64_t send(std::string_view operation, std::string_view members = {});

    /// The response to that request, which may be waited for once.
    /// \throws connection_closed when there will be none, no_answer when patience ran out
    asio::awaitable<reply> response(std::uint64_t id);

    /// Both in one.
    asio::awaitable<reply> request(std::string operation, std::string members = {});

    /// The oldest event of that name that was not taken yet. Others are kept.
    asio::awaitable<reply> next_event(std::string name);

    /// The oldest response whose id is not of ours: to what was sent as text.
    asio::awaitable<reply> next_stray();

    void send_text(std::string message);
    void send_binary(std::string message);
    void send_bytes(std::string bytes); ///< past the WebSocket, to what is below

    /// Messages that were not yet given to the system.
    [[nodiscard]] std::size_t unsent() const;

    [[nodiscard]] bool connected() const;
    [[nodiscard]] std::string agreed_subprotocol() const;

    /// Closes it as one should; returns when the server has agreed.
    asio::awaitable<void> close(std::uint16_t code = 1000);

    /// Waits until the connection has ended, by whomever: the close code, no_close_code if there was none.
    asio::awaitable<std::uint16_t> ended();

    void start_reading(); ///< what `reads` put off

    /// Stops to read, and so to answer pings, for ever; the connection stays open.
    void go_silent();

    /// Ends the TCP connection, without a word: with RST if `reset`, else with FIN.
    void drop(bool reset = false);

private:
    class connection;
    std::shared_ptr<connection> connection_;
};

} // namespace ws
