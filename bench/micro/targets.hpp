#pragma once

#include "runner.hpp"

namespace colock_bench {

/// The design's table of performance targets.
std::vector<ratio> design_targets();

} // namespace colock_bench
