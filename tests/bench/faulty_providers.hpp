#pragma once

#include "load.hpp"

namespace colock_test {

/// Knows `memory:`, and what must be noticed: `nothing:` excludes nobody; `stale:` always gives the same
/// token; `barging:` gives a free key to whoever comes by; `down:` cannot be reached; `forgetful:` has lost
/// what is released; `silent:` never grants anything. None knows of those in other processes.
[[nodiscard]] contention::provider_factory faulty_providers();

} // namespace colock_test
