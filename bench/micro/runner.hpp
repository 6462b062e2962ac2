#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace colock_bench {

/// The middle of what the rounds measured, and its bounds.
struct spread {
    double median = 0;
    double least = 0;
    double most = 0;
};

/// A row of the results.
struct measured {
    std::string name;
    std::string unit;
    spread value;
};

/// One variant over others, measured in the same round, and what the design asks for.
struct ratio {
    std::string what;
    std::string numerator;
    std::vector<std::string> denominators; ///< their sum; none: the numerator itself
    double must;
    double aim;
    bool at_least = false; ///< the bounds are lower ones
};

struct judged {
    ratio row;
    spread value;
    [[nodiscard]] const char* verdict() const;
};

/// What the clock does not measure need not be measured again.
enum class repeat { each_round, never };

/// Runs all variants one after another, and that again for each round, so that whatever else the machine does
/// falls on all alike. Round 0 warms up and does not count. Variants that are
/// not repeated run before it.
class runner {
public:
    /// What is measured together yields one number for each name.
    void add(std::vector<std::string> names, std::function<std::vector<double>()> run,
             std::string unit = "ns", repeat how_often = repeat::each_round) {
        variants_.push_back({std::move(names), std::move(unit), std::move(run), how_often});
    }
    void add(std::string name, std::function<double()> run, std::string unit = "ns",
             repeat how_often = repeat::each_round) {
        add(
            std::vector{std::move(name)}, [run = std::move(run)] { return std::vector{run()}; },
            std::move(unit), how_often);
    }

    /// Runs those whose names contain `only`; returns whether there were any.
    bool run(int rounds, const std::string& only);

    [[nodiscard]] std::vector<measured> results() const;

    /// Those of the rows of which everything was measured.
    [[nodiscard]] std::vector<judged> judge(const std::vector<ratio>& rows) const;

private:
    struct variant {
        std::vector<std::string> names;
        std::string unit;
        std::function<std::vector<double>()> run;
        repeat how_often;
    };
    [[nodiscard]] std::vector<double> paired(const ratio& row) const;

    std::vector<variant> variants_;
    std::map<std::string, std::vector<double>> samples_;
};

void add_baselines(runner& to);
void add_ours(runner& to);
void add_threads(runner& to);
void add_memory(runner& to);
void add_many(runner& to);

} // namespace colock_bench
