#pragma once

#include "service.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <string>

namespace seat_service {

/// The service on a port.
class server {
public:
    /// Listens; connections are served once start() was called.
    /// \throws std::runtime_error that says what cannot be done: an address or port that cannot be used, bad
    /// certificates; lock_error: a bad provider
    server(asio::io_context& io, settings how);

    void start();

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::string url() const; ///< of the page

    /// Takes nothing new; lets running requests end, within settings::drain_time; releases the locks of all
    /// connections and closes them. Nothing of them is left when it completes.
    [[nodiscard]] asio::awaitable<void> stop();

    [[nodiscard]] service& shared() noexcept { return service_; }

private:
    void listen();
    [[nodiscard]] asio::awaitable<void> accept_all();
    [[nodiscard]] asio::awaitable<void> stop_on_strand();
    [[nodiscard]] asio::awaitable<void> await_end(milliseconds limit);

    asio::io_context& io_;
    service service_;
    std::optional<asio::ssl::context> tls_;
    service::strand strand_;
    asio::ip::tcp::acceptor acceptor_;
    asio::steady_timer ended_; ///< cancelled when the last connection has ended
    const std::shared_ptr<std::atomic<std::size_t>> open_ = std::make_shared<std::atomic<std::size_t>>(0);
};

} // namespace seat_service
