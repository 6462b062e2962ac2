#pragma once

#include "service.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

namespace seat_service {

/// Serves one connection to its end, HTTP first and then perhaps a WebSocket. On the strand. Never throws.
/// \param tls null: plain TCP
[[nodiscard]] asio::awaitable<void> serve_connection(service& shared, service::strand strand,
                                                     asio::ip::tcp::socket socket, asio::ssl::context* tls);

} // namespace seat_service
