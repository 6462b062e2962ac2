#pragma once

#include <chrono>

namespace service_load {

/// What a process of this machine has used, on all its threads; to 10 ms.
/// \throws std::runtime_error when there is no such process
[[nodiscard]] std::chrono::nanoseconds cpu_time_of(int process);

} // namespace service_load
