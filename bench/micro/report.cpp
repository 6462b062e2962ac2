#include "report.hpp"

#include <algorithm>

namespace colock_bench {

bool was_measured(const curve& one, const std::vector<measured>& variants) {
    return std::ranges::any_of(one.all, [&](const series& s) {
        return std::ranges::any_of(s.points, [&](const curve_point& p) {
            return std::ranges::find(variants, p.variant, &measured::name) != variants.end();
        });
    });
}

void print_variants(const report& what, std::FILE* to) {
    std::fprintf(to, "%-66s %10s   %-17s %s\n", "what", "median", "min - max", "unit");
    for (const measured& row : what.variants) {
        const spread& s = row.value;
        char range[48];
        const int digits = s.median < 1 ? 3 : 1;
        std::snprintf(range, sizeof range, "%.*f - %.*f", digits, s.least, digits, s.most);
        std::fprintf(to, "%-66s %10.*f   %-17s %s\n", row.name.c_str(), digits, s.median, range,
                     row.unit.c_str());
    }
}

void print_ratios(const report& what, std::FILE* to) {
    if (what.ratios.empty())
        return;
    std::fprintf(to, "\n%-60s %7s   %-17s %7s %7s\n", "ratio", "median", "min - max", "must", "aim");
    for (const judged& one : what.ratios) {
        const spread& s = one.value;
        char range[48];
        std::snprintf(range, sizeof range, "%.3f - %.3f", s.least, s.most);
        std::fprintf(to, "%-60s %7.3f   %-17s %7.3f %7.3f  %s\n", one.row.what.c_str(), s.median, range,
                     one.row.must, one.row.aim, one.verdict());
    }
}

void print_curves(const report& what, std::FILE* to) {
    const auto median_of = [&](const std::string& name) {
        const auto found = std::ranges::find(what.variants, name, &measured::name);
        return found == what.variants.end() ? 0.0 : found->value.median;
    };
    for (const curve& one : what.curves) {
        if (!was_measured(one, what.variants))
            continue;
        std::fprintf(to, "%s: operations per microsecond, median\n%-40s", one.title.c_str(),
                     one.x_label.c_str());
        for (const curve_point& point : one.all.front().points)
            std::fprintf(to, "%9d", point.x);
        for (const series& s : one.all) {
            std::fprintf(to, "\n%-40s", s.name.c_str());
            for (const curve_point& point : s.points)
                std::fprintf(to, "%9.2f", median_of(point.variant));
        }
        std::fprintf(to, "\n\n");
    }
}

} // namespace colock_bench
