#include "report.hpp"
#include "targets.hpp"

#include <CLI/CLI.hpp>

#include <malloc.h>

#include <cstdlib>
#include <iostream>
#include <limits>
#include <memory>
#include <thread>

namespace {

using namespace colock_bench;

struct settings {
    int rounds = 7;
    bool curves = false;
    std::string only;
    std::string json;
};

/// Leaves the program if the arguments say so: with 0 after --help, with 2 if they are wrong.
settings parse(int argc, char** argv) {
    settings chosen;
    CLI::App app{
        "Measures colock beside what one has without it, interleaved in one process. Times are of one\n"
        "operation; ratios are of the same round, and are judged by the targets of the design.",
        "micro"};
    app.add_option("--rounds", chosen.rounds, "How often all is measured, after a round to warm up")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    app.add_option("--only", chosen.only, "Measure only what has this in its name")->type_name("PART");
    app.add_option("--json", chosen.json, "Write the results as JSON to this file; \"-\" is standard output")
        ->type_name("FILE");
    app.add_flag("--curves", chosen.curves, "Measure throughput against coroutines and threads instead");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0)
            std::exit(app.exit(error));
        std::cerr << "micro: " << error.what() << " (see micro --help)\n";
        std::exit(2);
    }
    return chosen;
}

using file = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// Where the JSON goes, if anywhere. Opened before the work, not after it.
file open_json(const std::string& name) {
    if (name.empty())
        return {nullptr, std::fclose};
    file opened(name == "-" ? stdout : std::fopen(name.c_str(), "w"), std::fclose);
    if (!opened) {
        std::perror(("micro: cannot write " + name).c_str());
        std::exit(2);
    }
    return opened;
}

/// As in a server that has run for a while: otherwise who needs much memory pays the system for it each time.
void keep_memory() {
    mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
    mallopt(M_MMAP_MAX, 0);
}

} // namespace

int main(int argc, char** argv) {
    const settings chosen = parse(argc, argv);
    file json = open_json(chosen.json);
    keep_memory();
    std::thread([] {}).join(); // libstdc++ skips its locks while there was only one thread

    runner all;
    report results;
    results.rounds = chosen.rounds;
    if (chosen.curves) {
        results.curves = add_curves(all);
    } else {
        add_baselines(all);
        add_ours(all);
        add_threads(all);
        add_memory(all);
        add_many(all);
    }
    if (!all.run(chosen.rounds, chosen.only)) {
        std::cerr << "micro: nothing has \"" << chosen.only << "\" in its name\n";
        return 2;
    }
    results.variants = all.results();
    results.ratios = all.judge(design_targets());

    std::FILE* const text = chosen.json == "-" ? stderr : stdout;
    if (chosen.curves) {
        print_curves(results, text);
    } else {
        print_variants(results, text);
        print_ratios(results, text);
    }
    if (json &&
        (std::fputs((to_json(results) + "\n").c_str(), json.get()) < 0 || std::fflush(json.get()) != 0)) {
        std::perror(("micro: cannot write " + chosen.json).c_str());
        return 1;
    }
}
