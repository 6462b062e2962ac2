#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace service_load {

using std::chrono::nanoseconds;

struct settings {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    std::string token; ///< shown to the server; empty: none
    std::size_t connections = 32;
    std::size_t seats = 96;  ///< the first so many of the theatre
    std::size_t threads = 1; ///< of this program
    nanoseconds warm_up{500'000'000};
    nanoseconds duration{5'000'000'000};
    std::uint64_t seed = 1;
    std::optional<int> server;       ///< its process id, to read its CPU time
    std::optional<std::string> json; ///< where the JSON goes; "-" or empty: standard output
};

} // namespace service_load
