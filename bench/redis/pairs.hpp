#pragma once

#include "load.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace redis_bench {

using namespace cycles;

/// The commands of a cycle, as the protocol has them.
struct cycle_commands {
    std::function<std::string(std::uint64_t key)> acquire;
    std::function<std::string(std::uint64_t key)> release;
};

/// What our client sends; all under one id.
[[nodiscard]] cycle_commands our_commands(const std::string& name_space);

/// Cycles by a client that does nothing but write prepared commands and read numbers: it sends a command of
/// each cycle in flight at once, and then waits for all answers. One thread, blocking. \throws
/// std::runtime_error an answer that is not what it must be
[[nodiscard]] timing run_pairs(std::uint16_t port, const cycle_commands& commands, const load& what);

/// Acquires the first `count` keys, and leaves them held.
void hold(std::uint16_t port, const cycle_commands& commands, std::uint64_t count);

} // namespace redis_bench
