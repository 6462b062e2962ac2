#pragma once

#include "load.hpp"

namespace contention {

/// Runs the same load in several processes at once, and puts together what they found. The calling process
/// must have one thread only: it forks. Signals are passed on. `progress`: of the first of them. \throws
/// lock_error what the factory threw; std::runtime_error a process that did not report
[[nodiscard]] report run_processes(const settings& what, const provider_factory& make,
                                   std::ostream* progress);

} // namespace contention
