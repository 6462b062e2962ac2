#pragma once

#include "load.hpp"

namespace redis_bench {

using namespace cycles;

/// The rate of our two scripts by redis-benchmark, which knows commands, not cycles: first it acquires keys
/// that nobody holds, then it releases by chance keys of many that are held, of which it finds nine in ten.
/// Cycles a second, if both came after another.
[[nodiscard]] double run_redis_benchmark(class server& on, const load& what);

} // namespace redis_bench
