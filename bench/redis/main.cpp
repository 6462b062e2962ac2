#include "minimal.hpp"
#include "ours.hpp"
#include "pairs.hpp"
#include "redis_benchmark.hpp"
#include "report.hpp"
#include "server.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <fstream>
#include <iostream>

namespace {

using namespace cycles;
using namespace redis_bench;

/// What is measured with so many cycles in flight, a round at a time.
class course {
public:
    course(server& on, load what) : on_(on), what_(what) {}

    void round(bool counts) {
        const cycle_commands minimal = minimal_commands(on_);
        const cycle_commands minimal_key = minimal_key_commands(on_);
        server_cost cost;
        const timing mine = costing(cost, [&] { return run_ours(on_.process().url(), what_); });
        const double my_cpu = cost.cpu_us;
        const timing same =
            costing(cost, [&] { return run_pairs(on_.port(), our_commands("pairs"), what_); });
        const server_cost same_cost = cost;
        (void)costing(cost, [&] { return run_pairs(on_.port(), minimal, what_); });
        const server_cost least_cost = cost;
        (void)costing(cost, [&] { return run_pairs(on_.port(), minimal_key, what_); });
        const server_cost key_cost = cost;
        const double benchmark = run_redis_benchmark(on_, what_);
        if (!counts)
            return;
        ours.add(mine.cycles_per_second);
        pairs.add(same.cycles_per_second);
        redis_benchmark.add(benchmark);
        client_cpu.add(mine.client_cpu_us);
        server_cpu.add(my_cpu);
        scripts.add(same_cost.script_us);
        least_scripts.add(least_cost.script_us);
        key_scripts.add(key_cost.script_us);
        pairs_cpu.add(same_cost.cpu_us);
        least_cpu.add(least_cost.cpu_us);
    }

    [[nodiscard]] std::vector<figure> figures() const {
        return {ours,
                redis_benchmark,
                pairs,
                ratio("ours / redis-benchmark", ours, redis_benchmark),
                ratio("ours / pairs", ours, pairs),
                client_cpu,
                server_cpu,
                pairs_cpu,
                least_cpu,
                scripts,
                least_scripts,
                key_scripts,
                ratio("scripts / minimal scripts", scripts, least_scripts),
                ratio("scripts / minimal scripts, a key each", scripts, key_scripts),
                ratio("server CPU, our scripts / minimal scripts", pairs_cpu, least_cpu)};
    }

private:
    template<class Run>
    timing costing(server_cost& cost, Run run) {
        on_.clear();
        const server_cost before = on_.cost();
        const timing result = run();
        cost = on_.cost() - before;
        const double cycles = static_cast<double>(cost.scripts) / 2;
        cost.cpu_us /= cycles;
        cost.script_us /= cycles;
        return result;
    }

    server& on_;
    const load what_;
    figure ours{"ours, cycles/s", {}};
    figure pairs{"pairs: the same scripts, a bare client, cycles/s", {}};
    figure redis_benchmark{"redis-benchmark: the same scripts, cycles/s", {}};
    figure client_cpu{"client CPU, ours, us/cycle", {}};
    figure server_cpu{"server CPU, ours, us/cycle", {}};
    figure pairs_cpu{"server CPU, pairs, us/cycle", {}};
    figure least_cpu{"server CPU, pairs of minimal scripts, us/cycle", {}};
    figure scripts{"in scripts, ours, us/cycle", {}};
    figure least_scripts{"in scripts, minimal, us/cycle", {}};
    figure key_scripts{"in scripts, minimal with a key each, us/cycle", {}};
};

int run(unsigned rounds, std::uint64_t cycles, const std::string& json) {
    server on;
    course one(on, {.in_flight = 1, .cycles = cycles / 4});
    course many(on, {.in_flight = 64, .cycles = cycles});
    for (unsigned i = 0; i <= rounds; ++i) { // the first one warms up
        one.round(i != 0);
        many.round(i != 0);
    }
    for (const auto& [name, of] : {std::pair{"1 in flight", &one}, std::pair{"64 in flight", &many}}) {
        std::cout << name << "\n";
        for (const figure& each : of->figures())
            std::cout << to_line(each, each.values.front() > 1000 ? 0 : 2);
    }
    if (!json.empty()) {
        std::ofstream file(json);
        file << "{\"one\": " << to_json(one.figures()) << ", \"sixty_four\": " << to_json(many.figures())
             << "}\n";
        if (!file) {
            std::cerr << "redis_cycles: cannot write " << json << '\n';
            return 2;
        }
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    unsigned rounds = 7;
    std::uint64_t cycles = 20000;
    std::string json;
    CLI::App app(
        "What a cycle of acquire and release costs on a Redis of its own, beside redis-benchmark and minimal "
        "scripts.",
        "redis_cycles");
    app.add_option("--rounds", rounds, "of all that is compared, in turns (7)")->check(CLI::Range(1, 1000));
    app.add_option("--cycles", cycles, "of each measurement with 64 in flight (20000)")
        ->check(CLI::Range(1000, 1000000));
    app.add_option("--json", json, "a file for the figures");
    CLI11_PARSE(app, argc, argv);
    try {
        return run(rounds, cycles, json);
    } catch (const std::exception& error) {
        std::cerr << "redis_cycles: " << error.what() << '\n';
        return 3;
    }
}
