#include "runner.hpp"

#include <algorithm>
#include <iostream>
#include <unistd.h>

namespace colock_bench {
namespace {

spread spread_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return {values[values.size() / 2], values.front(), values.back()};
}

} // namespace

const char* judged::verdict() const {
    const auto meets = [&](double bound) {
        return row.at_least ? value.median >= bound : value.median <= bound;
    };
    return meets(row.aim) ? "aim met" : meets(row.must) ? "must met" : "MISSED";
}

bool runner::run(int rounds, const std::string& only) {
    std::vector<const variant*> chosen;
    for (const variant& v : variants_)
        if (std::ranges::any_of(v.names, [&](const auto& n) { return n.find(only) != std::string::npos; }))
            chosen.push_back(&v);
    const auto record = [&](const variant& v) {
        const auto values = v.run();
        for (std::size_t i = 0; i < values.size(); ++i)
            samples_[v.names[i]].push_back(values[i]);
    };
    for (const variant* v : chosen)
        if (v->how_often == repeat::never)
            record(*v);
    for (int round = 0; round <= rounds && !chosen.empty(); ++round) {
        if (isatty(STDERR_FILENO))
            std::cerr << "\rround " << round << " of " << rounds << std::flush;
        for (const variant* v : chosen) {
            if (v->how_often == repeat::never)
                continue;
            if (round == 0)
                v->run();
            else
                record(*v);
        }
    }
    if (isatty(STDERR_FILENO))
        std::cerr << '\r';
    return !chosen.empty();
}

std::vector<measured> runner::results() const {
    std::vector<measured> all;
    for (const variant& v : variants_)
        for (const auto& name : v.names)
            if (const auto found = samples_.find(name); found != samples_.end())
                all.push_back({name, v.unit, spread_of(found->second)});
    return all;
}

std::vector<double> runner::paired(const ratio& row) const {
    const auto above = samples_.find(row.numerator);
    if (above == samples_.end())
        return {};
    std::vector<double> values = above->second;
    if (row.denominators.empty())
        return values;
    std::vector<double> below(values.size(), 0);
    for (const auto& name : row.denominators) {
        const auto part = samples_.find(name);
        if (part == samples_.end())
            return {};
        for (std::size_t i = 0; i < below.size(); ++i)
            below[i] += part->second[i];
    }
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] /= below[i];
    return values;
}

std::vector<judged> runner::judge(const std::vector<ratio>& rows) const {
    std::vector<judged> all;
    for (const ratio& row : rows)
        if (auto values = paired(row); !values.empty())
            all.push_back({row, spread_of(std::move(values))});
    return all;
}

} // namespace colock_bench
