#include "pgbench.hpp"

#include "child_process.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace postgres_bench {
namespace {

constexpr const char* script =
    "SELECT * FROM colock.acquire('pgbench', 1, :client_id::int8, 1, '', 9000000000000000000, false, true, "
    "'\\x'::bytea, 30000000, NULL, 4503599627370496, ARRAY[int8send(:client_id::int8)]);\n"
    "SELECT * FROM colock.release('pgbench', 1, :client_id::int8, 1, '', 9000000000000000000, true, "
    "'\\x'::bytea, ARRAY[int8send(:client_id::int8)]);\n";

} // namespace

double run_pgbench(const std::string& url, const cycles::load& what) {
    const colock_test::temporary_folder folder;
    const std::string file = (folder.path() / "cycle.sql").string();
    std::ofstream(file) << script;
    const std::uint64_t each = std::max<std::uint64_t>(1, what.cycles / what.in_flight);
    std::vector<std::string> arguments{
        "env",
        "PGOPTIONS=-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off",
        "pgbench",
        "--no-vacuum",
        "--protocol=prepared",
        "--client=" + std::to_string(what.in_flight),
        "--transactions=" + std::to_string(each),
        "--file=" + file,
        url};
    colock_test::child_process one(std::move(arguments), colock_test::child_process::talk::lines);
    std::string said;
    for (auto line = one.receive(std::chrono::minutes(5)); line; line = one.receive(std::chrono::minutes(5)))
        said.append(*line).append(1, '\n');
    const auto at = said.find("tps = ");
    if (one.wait() != 0 || at == std::string::npos)
        throw std::runtime_error("pgbench failed: " + said);
    return std::stod(said.substr(at + 6));
}

} // namespace postgres_bench
