#pragma once

#include "../stress/threads.hpp"
#include "seat_server.hpp"

#include <ws_client/client.hpp>

#include <boost/test/unit_test.hpp>

#include <deque>
#include <ostream>

namespace abuse {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using colock_test::sanitized;
using colock_test::stress_seed;

/// Runs a coroutine until it has ended; throws what it threw. Connections stay open.
void run(asio::io_context& io, asio::awaitable<void> work);

/// The same for several at once; throws what the first of them threw.
void run_all(asio::io_context& io, std::vector<asio::awaitable<void>> work);

/// Until the server's state is such, and others go on meanwhile; false if it is not within the limit.
asio::awaitable<bool> becomes(const seat_server& server,
                              std::function<bool(const seat_server::state&)> wanted, milliseconds limit);

/// Handlers of connections that are ready, without waiting for anything.
inline void catch_up(asio::io_context& io) {
    io.restart();
    io.poll();
}

[[nodiscard]] ws::client_options options_for(const seat_server& server);

[[nodiscard]] std::string in_mb(std::size_t bytes);

/// Lines of figures that can be quoted.
std::ostream& figures();

} // namespace abuse
