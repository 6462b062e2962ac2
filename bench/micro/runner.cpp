#include "runner.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <unistd.h>

namespace colock_bench {

spread spread_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return {values[values.size() / 2], values.front(), values.back()};
}

void runner::run(int rounds, const std::string& only) {
    for (int round = 0; round <= rounds; ++round) {
        if (isatty(STDERR_FILENO))
            std::cerr << "\rround " << round << " of " << rounds << std::flush;
        for (const variant& v : variants_) {
            if (v.name.find(only) == std::string::npos)
                continue;
            const double value = v.run();
            if (round != 0)
                samples_[v.name].push_back(value);
        }
    }
    if (isatty(STDERR_FILENO))
        std::cerr << '\r';
}

void runner::report(const std::vector<ratio>& rows) const {
    std::printf("%-44s %10s   %s\n", "what", "median", "min - max");
    for (const variant& v : variants_) {
        const auto found = samples_.find(v.name);
        if (found == samples_.end())
            continue;
        const spread s = spread_of(found->second);
        std::printf("%-44s %10.1f   %.1f - %.1f\n", v.name.c_str(), s.median, s.least, s.most);
    }
    std::printf("\n%-60s %7s   %-15s %6s %6s\n", "ratio", "median", "min - max", "must", "aim");
    for (const ratio& row : rows) {
        const auto above = samples_.find(row.numerator);
        if (above == samples_.end())
            continue;
        std::vector<double> paired(above->second.size(), 0);
        bool complete = true;
        for (const auto& name : row.denominators) {
            const auto below = samples_.find(name);
            complete = complete && below != samples_.end();
            for (std::size_t i = 0; complete && i < paired.size(); ++i)
                paired[i] += below->second[i];
        }
        if (!complete)
            continue;
        for (std::size_t i = 0; i < paired.size(); ++i)
            paired[i] = above->second[i] / paired[i];
        const spread s = spread_of(paired);
        const auto meets = [&](double bound) { return row.at_least ? s.median >= bound : s.median <= bound; };
        char range[32];
        std::snprintf(range, sizeof range, "%.3f - %.3f", s.least, s.most);
        std::printf("%-60s %7.3f   %-15s %6.3f %6.3f  %s\n", row.what.c_str(), s.median, range, row.must,
                    row.aim,
                    meets(row.aim)    ? "aim met"
                    : meets(row.must) ? "must met"
                                      : "MISSED");
    }
}

} // namespace colock_bench
