#pragma once

#include <cstdint>
#include <string>

namespace cycles {

/// One measurement: so many cycles of acquire and release, each of another key than all that are held.
struct load {
    std::uint64_t in_flight = 64; ///< cycles at the same time
    std::uint64_t cycles = 20000;
};

/// What it took.
struct timing {
    double seconds = 0;
    double client_cpu_us = 0; ///< a cycle
    double cycles_per_second = 0;
};

/// Of 16 bytes.
[[nodiscard]] std::string key_name(std::uint64_t number);

} // namespace cycles
