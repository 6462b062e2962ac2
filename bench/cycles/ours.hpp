#pragma once

#include "load.hpp"

namespace cycles {

/// Cycles through our client: a guard that is taken, and released and waited for. One thread.
/// \throws std::runtime_error a cycle that went wrong
[[nodiscard]] timing run_ours(const std::string& url, const load& what);

} // namespace cycles
