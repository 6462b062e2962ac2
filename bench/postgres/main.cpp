#include "ours.hpp"
#include "pgbench.hpp"
#include "report.hpp"

#include "postgres_server.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <fstream>
#include <iostream>

namespace {

using namespace cycles;

/// What is measured with so many cycles in flight, a round at a time.
class course {
public:
    course(std::string url, load what) : url_(std::move(url)), what_(what) {}

    void round(bool counts) {
        const timing mine = run_ours(url_, what_);
        const double peer = postgres_bench::run_pgbench(url_, what_);
        if (!counts)
            return;
        ours_.add(mine.cycles_per_second);
        pgbench_.add(peer);
        client_cpu_.add(mine.client_cpu_us);
    }

    [[nodiscard]] std::vector<figure> figures() const {
        return {ours_, pgbench_, ratio("ours / pgbench", ours_, pgbench_), client_cpu_};
    }

private:
    const std::string url_;
    const load what_;
    figure ours_{"ours, cycles/s", {}};
    figure pgbench_{"pgbench: the same functions, cycles/s", {}};
    figure client_cpu_{"client CPU, ours, us/cycle", {}};
};

/// A server, and what is measured on it.
class stage {
public:
    stage(const std::string& fsync, std::uint64_t cycles)
        : server_({.settings = {"fsync=" + fsync, "max_connections=100"}, .access = {}}),
          one_(server_.url(), {.in_flight = 1, .cycles = cycles / 8}),
          many_(server_.url(), {.in_flight = 64, .cycles = cycles}) {}

    void round(bool counts) {
        one_.round(counts);
        many_.round(counts);
    }
    [[nodiscard]] const course& one() const noexcept { return one_; }
    [[nodiscard]] const course& many() const noexcept { return many_; }

private:
    colock_test::postgres_server server_;
    course one_;
    course many_;
};

int run(unsigned rounds, std::uint64_t cycles, const std::string& json) {
    stage forced("on", cycles);
    stage unforced("off", cycles);
    for (unsigned i = 0; i <= rounds; ++i) { // the first one warms up
        forced.round(i != 0);
        unforced.round(i != 0);
    }
    std::ofstream file;
    if (!json.empty())
        file.open(json);
    const char* before = "{";
    for (const auto& [name, of] : {std::pair{"1 in flight, commits forced to the disk", &forced.one()},
                                   std::pair{"64 in flight, commits forced to the disk", &forced.many()},
                                   std::pair{"1 in flight, fsync off", &unforced.one()},
                                   std::pair{"64 in flight, fsync off", &unforced.many()}}) {
        std::cout << name << "\n";
        for (const figure& each : of->figures())
            std::cout << to_line(each, each.values.front() > 1000 ? 0 : 2);
        if (!json.empty())
            file << std::exchange(before, ", ") << '"' << name << "\": " << to_json(of->figures());
    }
    if (!json.empty() && !(file << "}\n")) {
        std::cerr << "postgres_cycles: cannot write " << json << '\n';
        return 2;
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    unsigned rounds = 7;
    std::uint64_t cycles = 10000;
    std::string json;
    CLI::App app(
        "What a cycle of acquire and release costs on a PostgreSQL of its own, beside pgbench, which calls "
        "the same functions.",
        "postgres_cycles");
    app.add_option("--rounds", rounds, "of all that is compared, in turns (7)")->check(CLI::Range(1, 1000));
    app.add_option("--cycles", cycles, "of each measurement with 64 in flight (10000)")
        ->check(CLI::Range(1000, 1000000));
    app.add_option("--json", json, "a file for the figures");
    CLI11_PARSE(app, argc, argv);
    try {
        return run(rounds, cycles, json);
    } catch (const std::exception& error) {
        std::cerr << "postgres_cycles: " << error.what() << '\n';
        return 3;
    }
}
