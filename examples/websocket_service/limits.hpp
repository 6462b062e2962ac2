#pragma once

#include <chrono>
#include <cstddef>

namespace seat_service {

using milliseconds = std::chrono::milliseconds;

/// What a client may ask of the server. The names are those of the command line's options.
struct limits {
    std::size_t max_message = 64 * 1024; ///< bytes of a message
    std::size_t max_keys = 64;           ///< of one request
    std::size_t max_locks = 256;         ///< of one connection, and as many of one identity's named owners
    std::size_t max_waits = 64;          ///< requests of one connection that wait at once
    std::size_t max_requests_per_second = 1000; ///< of one connection
    std::size_t max_connections = 10'000;
    std::size_t max_queue = 1024 * 1024; ///< bytes that wait to be sent to one connection
    milliseconds idle_timeout{30'000};   ///< a client that is not heard of for so long is gone
    milliseconds max_wait{3'600'000};
    milliseconds max_expire{86'400'000};
};

} // namespace seat_service
