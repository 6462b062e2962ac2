#pragma once

#include "runner.hpp"

#include <string>
#include <vector>

namespace colock_bench {

struct curve_point {
    int x;
    std::string variant; ///< its name in the runner
};

/// The points of one thing that is measured, in the order of x.
struct series {
    std::string name;
    std::vector<curve_point> points;
};

/// Throughput against the number of coroutines or threads, for colock and for what it is compared with.
struct curve {
    std::string name;
    std::string title;
    std::string x_label;
    std::vector<series> all;
};

/// Adds all points to the runner, as variants named "curve, series, x".
std::vector<curve> add_curves(runner& to);

} // namespace colock_bench
