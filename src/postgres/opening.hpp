#pragma once

#include "postgres/pq.hpp"
#include "remote/connecting.hpp"
#include "remote/server_time.hpp"
#include "remote/session_link.hpp"

#include <boost/asio/awaitable.hpp>

#include <colock/postgres_provider.hpp>

namespace colock::postgres {

namespace asio = boost::asio;

/// The text is not a connection string; why, or empty.
[[nodiscard]] std::string fault_of(const std::string& connection_string);

/// Connects, and makes ready: for commands there is the schema then, the functions are prepared, and `clock`,
/// which must outlive the coroutine, knows the server's time. The connection does not block any more. Throws
/// std::runtime_error with what PostgreSQL says. On the strand.
[[nodiscard]] asio::awaitable<connection_ptr> open_connection(std::shared_ptr<const postgres_options> options,
                                                              remote::role as,
                                                              std::shared_ptr<remote::connecting> progress,
                                                              remote::server_clock& clock);

} // namespace colock::postgres
