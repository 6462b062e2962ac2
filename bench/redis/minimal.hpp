#pragma once

#include "pairs.hpp"

namespace redis_bench {

/// The least that locks with the same essentials take: the server's time, tokens that grow even if that goes
/// back, the holder's id, an expiry, and a release that compares. Nothing waits, nobody else is told, there
/// is one key and one mode, and no owner.
[[nodiscard]] cycle_commands minimal_commands(class server& on);     ///< in one hash: the fewest commands
[[nodiscard]] cycle_commands minimal_key_commands(class server& on); ///< as is common: a key each

} // namespace redis_bench
