#pragma once

#include "load.hpp"

#include <string>

namespace postgres_bench {

/// Cycles a second of pgbench, which calls the functions that our client calls, with the settings of our
/// client's sessions: each client acquires and releases a key of its own, with prepared statements. As many
/// clients, and so connections, as are in flight. The schema is there already. \throws std::runtime_error it
/// failed
[[nodiscard]] double run_pgbench(const std::string& url, const cycles::load& what);

} // namespace postgres_bench
