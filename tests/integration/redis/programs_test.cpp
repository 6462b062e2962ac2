// Our own programs run on it, by URL.
#include "redis_server.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <thread>

BOOST_AUTO_TEST_SUITE(programs)

using namespace colock_test;
using namespace std::chrono_literals;

int run(std::vector<std::string> arguments) {
    return child_process(std::move(arguments)).wait();
}

#ifdef COLOCK_QUICKSTART
BOOST_AUTO_TEST_CASE(the_tour) {
    redis_server server;
    BOOST_CHECK_EQUAL(run({COLOCK_QUICKSTART, "--provider=" + server.url("namespace=tour")}), 0);
    BOOST_CHECK_EQUAL(run({COLOCK_QUICKSTART, "--provider=" + server.url("what=1")}) >> 8, 2);
}
#endif

#ifdef COLOCK_BENCH_CONTENTION
// It finds overlapping holders and tokens that do not grow, and fails then.
BOOST_AUTO_TEST_CASE(contention) {
    redis_server server;
    for (const std::string how : {"lock", "execute", "acquire"})
        BOOST_CHECK_EQUAL(
            run({COLOCK_BENCH_CONTENTION, "--provider", server.url(), "--operation", how, "--keys", "4",
                 "--coroutines", "16", "--threads", "2", "--shared", "0.2", "--operations", "1000"}),
            0);
    server.kill();
    // By default calls wait longer than it runs.
    BOOST_CHECK_EQUAL(run({COLOCK_BENCH_CONTENTION, "--provider", server.url(), "--duration", "300ms"}) >> 8,
                      3);
    BOOST_CHECK_EQUAL(run({COLOCK_BENCH_CONTENTION, "--provider", server.url("connect_timeout=200ms"),
                           "--wait", "300ms"}) >>
                          8,
                      3);
}

long number_after(const std::string& json, const std::string& name) {
    const auto at = json.find(name);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, json);
    return std::stol(json.substr(at + name.size()));
}

// One key goes from process to process; what they say of it fits together.
BOOST_AUTO_TEST_CASE(contention_between_processes) {
    redis_server server;
    child_process program({COLOCK_BENCH_CONTENTION, "--provider", server.url(), "--processes", "3", "--keys",
                           "1", "--coroutines", "4", "--operations", "600", "--json"},
                          child_process::talk::lines);
    const std::string json = program.receive().value_or("");
    BOOST_CHECK_EQUAL(program.wait(), 0);
    BOOST_CHECK_EQUAL(number_after(json, "\"operations\":"), 600);
    BOOST_CHECK_GT(number_after(json, "\"hand_off_across_ns\":{\"count\":"), 100);
    BOOST_CHECK_GE(number_after(json, "\"grants_checked\":"), 600);
}

BOOST_AUTO_TEST_CASE(contention_between_processes_may_be_interrupted) {
    redis_server server;
    child_process program({COLOCK_BENCH_CONTENTION, "--provider", server.url(), "--processes", "2", "--keys",
                           "1", "--coroutines", "2", "--duration", "1h", "--json"},
                          child_process::talk::lines);
    auto redis = server.connect();
    while (redis.clients(true).size() < 2) // both wait for a lock
        std::this_thread::sleep_for(5ms);
    program.signal(SIGINT);
    const std::string json = program.receive().value_or("");
    BOOST_CHECK_EQUAL(program.wait(), 0);
    BOOST_CHECK(json.find("\"interrupted\":true") != std::string::npos);
}
#endif

BOOST_AUTO_TEST_SUITE_END()
