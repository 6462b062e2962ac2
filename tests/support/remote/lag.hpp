#pragma once

#include <chrono>

namespace colock_test {

/// How much this machine keeps those waiting who want to run: the most by which a thread that sleeps for
/// moments has overslept since then. For bounds on times, which mean nothing where nobody gets to run.
[[nodiscard]] std::chrono::nanoseconds lag_since(std::chrono::steady_clock::time_point then);

} // namespace colock_test
