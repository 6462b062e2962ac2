#pragma once

#include "access.hpp"
#include "limits.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace seat_service {

/// How a server is to run.
struct settings {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080; ///< 0: any that is free
    unsigned threads = 0;      ///< 0: one for each core
    std::string provider = "memory:";
    std::string tls_certificate; ///< a file; empty: no TLS
    std::string tls_key;
    std::vector<credential> credentials;
    std::vector<std::string> allowed_origins;
    limits allowed;
    bool show_board = true;          ///< whether clients see the locks of others
    milliseconds payment{300};       ///< how long paying for seats takes
    milliseconds drain_time{10'000}; ///< how long running requests may go on when the server stops
    std::string log_level = "info";
    bool without_locks = false; ///< sells without locks, to measure what they cost
};

/// Whether only this machine can reach that address.
[[nodiscard]] bool is_loopback_address(const std::string& address);

} // namespace seat_service
