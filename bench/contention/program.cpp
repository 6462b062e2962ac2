#include "program.hpp"

#include "command_line.hpp"
#include "processes.hpp"

#include <colock/error.hpp>

#include <algorithm>
#include <fstream>
#include <ostream>

namespace contention {
namespace {

constexpr int unusable = 2;
constexpr int failed = 3;

int complain(std::ostream& err, std::string why, int code) {
    std::replace(why.begin(), why.end(), '\n', ' ');
    err << "contention: " << why << (code == unusable ? " (see --help)" : "") << '\n';
    return code;
}

/// A provider that cannot be made: the URL is to blame, or what it leads to.
int complain_of_provider(std::ostream& err, const colock::lock_error& error) {
    if (error.code() == colock::errc::invalid_argument)
        return complain(err, std::string("--provider: ") + error.what(), unusable);
    return complain(err, error.what(), failed);
}

} // namespace

int run_program(const std::vector<std::string>& arguments, const provider_factory& make, std::ostream& out,
                std::ostream& err, std::ostream* terminal) {
    command asked;
    try {
        asked = parse(arguments);
    } catch (const usage_error& error) {
        return complain(err, error.what(), unusable);
    }
    if (!asked.help.empty()) {
        out << asked.help;
        return 0;
    }

    std::ofstream file;
    const bool to_file = asked.json && asked.json_file != "-";
    if (to_file) {
        file.open(asked.json_file);
        if (!file)
            return complain(err, "--json: cannot write \"" + asked.json_file + '"', unusable);
    }
    report result;
    try {
        std::ostream* const progress = asked.quiet ? nullptr : terminal;
        result = asked.run.processes > 1 ? run_processes(asked.run, make, progress)
                                         : run(asked.run, make, progress);
    } catch (const colock::lock_error& error) {
        return complain_of_provider(err, error);
    } catch (const std::exception& error) {
        return complain(err, error.what(), failed);
    }

    if (asked.json)
        (to_file ? file : out) << to_json(result) << std::endl;
    if (!asked.json || to_file)
        out << to_table(result) << std::flush;
    if (!result.first_breach.empty())
        err << "contention: an invariant broke: " << result.first_breach << '\n';
    if (!result.failure.empty())
        complain(err, result.failure, failed);
    if ((to_file && !file) || !out)
        return complain(err, "cannot write the report", failed);
    return result.exit_code();
}

} // namespace contention
