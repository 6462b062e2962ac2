#include "redis_benchmark.hpp"

#include "pairs.hpp"
#include "server.hpp"

#include "child_process.hpp"
#include "redis/codec.hpp"

#include <stdexcept>
#include <vector>

namespace redis_bench {
namespace {

// The words of a command, its key replaced by what redis-benchmark replaces by a number of 12 digits.
std::vector<std::string> words_of(const std::string& bytes) {
    colock::redis::reply_reader reader;
    if (!reader.feed(bytes))
        throw std::logic_error("not a command");
    const auto read = reader.next();
    std::vector<std::string> words;
    for (std::size_t i = 0; i < read.get().size(); ++i)
        words.emplace_back(read.get()[i].text());
    words.back() = "key:__rand_int__";
    return words;
}

double rate_of(std::uint16_t port, const std::string& command, std::uint64_t in_flight, std::uint64_t count,
               std::uint64_t keys) {
    std::vector<std::string> arguments{
        "redis-benchmark",         "-h", "127.0.0.1",           "-p", std::to_string(port), "-c", "1", "-P",
        std::to_string(in_flight), "-n", std::to_string(count), "-r", std::to_string(keys), "-q"};
    for (auto& word : words_of(command))
        arguments.push_back(std::move(word));
    colock_test::child_process one(std::move(arguments), colock_test::child_process::talk::lines);
    std::string said;
    for (auto line = one.receive(); line; line = one.receive())
        said += *line + '\n';
    if (one.wait() != 0)
        throw std::runtime_error("redis-benchmark failed: " + said);
    const auto end = said.rfind(" requests per second");
    const auto start = end == std::string::npos ? end : said.rfind(": ", end);
    if (start == std::string::npos)
        throw std::runtime_error("redis-benchmark said: " + said);
    return std::stod(said.substr(start + 2, end - start - 2));
}

} // namespace

double run_redis_benchmark(server& on, const load& what) {
    const cycle_commands commands = our_commands("redis-benchmark");
    on.clear();
    const double acquires =
        rate_of(on.port(), commands.acquire(0), what.in_flight, what.cycles, 2'000'000'000);
    on.clear();
    hold(on.port(), commands, 5 * what.cycles);
    const double releases =
        rate_of(on.port(), commands.release(0), what.in_flight, what.cycles, 5 * what.cycles);
    on.clear();
    return 1 / (1 / acquires + 1 / releases);
}

} // namespace redis_bench
