#pragma once

#include "curves.hpp"
#include "runner.hpp"

#include <cstdio>
#include <string>
#include <vector>

namespace colock_bench {

/// What a run has to tell.
struct report {
    int rounds = 0;
    std::vector<measured> variants;
    std::vector<judged> ratios;
    std::vector<curve> curves; ///< their points are among the variants
};

/// Whether any of its points was: not all are, if only a part was asked for.
[[nodiscard]] bool was_measured(const curve& one, const std::vector<measured>& variants);

void print_variants(const report& what, std::FILE* to);
void print_ratios(const report& what, std::FILE* to);
void print_curves(const report& what, std::FILE* to);

[[nodiscard]] std::string to_json(const report& what);

} // namespace colock_bench
