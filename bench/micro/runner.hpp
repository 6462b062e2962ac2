#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace colock_bench {

/// One thing that is measured: each call does it once over, and returns the time per operation in nanoseconds
/// (or whatever the rows of the report say).
struct variant {
    std::string name;
    std::function<double()> run;
};

/// A row of the report: one variant over another, measured in the same round, and what the design asks for.
struct ratio {
    std::string what;
    std::string numerator;
    std::vector<std::string> denominators; ///< their sum
    double must;
    double aim;
    bool at_least = false; ///< the bounds are lower ones
};

struct spread {
    double median = 0;
    double least = 0;
    double most = 0;
};
[[nodiscard]] spread spread_of(std::vector<double> values);

/// Runs all variants one after another, and that again for each round, so that whatever else the machine does
/// falls on all alike. Round 0 warms up and does not count.
class runner {
public:
    void add(std::string name, std::function<double()> run) {
        variants_.push_back({std::move(name), std::move(run)});
    }
    void run(int rounds, const std::string& only);
    void report(const std::vector<ratio>& rows) const;

private:
    std::vector<variant> variants_;
    std::map<std::string, std::vector<double>> samples_;
};

void add_baselines(runner& to);
void add_ours(runner& to);
void add_threads(runner& to);
void add_memory(runner& to);

} // namespace colock_bench
