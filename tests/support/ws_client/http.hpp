#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace ws {

namespace asio = boost::asio;

struct http_response {
    unsigned status = 0;
    std::string content_type;
    std::string body;
};

/// GET of 127.0.0.1, over a connection of its own.
asio::awaitable<http_response> http_get(std::uint16_t port, std::string target,
                                        std::chrono::milliseconds limit = std::chrono::seconds(10));

/// Sends bytes, and returns all that comes back until the server closes the connection or the limit is over.
struct tcp_outcome {
    std::string received;
    bool closed = false; ///< by the server, within the limit
};
asio::awaitable<tcp_outcome> tcp_exchange(std::uint16_t port, std::string bytes,
                                          std::chrono::milliseconds limit = std::chrono::seconds(10));

} // namespace ws
