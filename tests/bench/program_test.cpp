#include "faulty_providers.hpp"
#include "program.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(contention_program)

namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

struct outcome {
    int code = 0;
    std::string out;
    std::string err;
};

/// `line`: arguments between spaces.
outcome call(const std::string& line) {
    std::istringstream words(line);
    std::vector<std::string> arguments{std::istream_iterator<std::string>(words), {}};
    std::ostringstream out;
    std::ostringstream err;
    const int code = contention::run_program(arguments, colock_test::faulty_providers(), out, err, nullptr);
    return {code, out.str(), err.str()};
}

json::object json_of(const outcome& of) {
    return json::parse(of.out).as_object();
}

/// A short run that must go well.
json::object figures(const std::string& line) {
    const outcome result = call(line + " --warm-up 5ms --json");
    BOOST_TEST(result.code == 0, line);
    BOOST_TEST(result.err == "");
    const json::object all = json_of(result);
    BOOST_TEST(all.at("invariants").at("overlaps").to_number<int>() == 0);
    BOOST_TEST(all.at("invariants").at("token_regressions").to_number<int>() == 0);
    BOOST_TEST(all.at("failure").is_null());
    const auto operations = all.at("operations").to_number<std::uint64_t>();
    for (const char* latency : {"wait_ns", "hold_ns"}) {
        const json::object& of = all.at(latency).as_object();
        BOOST_TEST(of.at("count").to_number<std::uint64_t>() == operations);
        std::uint64_t last = 0;
        for (const char* percentile : {"p50", "p90", "p99", "p99_9", "max"}) {
            const auto value = of.at(percentile).to_number<std::uint64_t>();
            BOOST_TEST(value >= last);
            last = value;
        }
    }
    BOOST_TEST(all.at("hand_off_ns").at("count").to_number<std::uint64_t>() <= operations);
    BOOST_TEST(all.at("fairness").at("jain").to_number<double>() <= 1);
    return all;
}

std::uint64_t number(const json::object& of, const char* name) {
    return of.at(name).to_number<std::uint64_t>();
}

std::uint64_t inversions(const json::object& of) {
    return of.at("fairness").at("inversions").to_number<std::uint64_t>();
}

} // namespace

BOOST_AUTO_TEST_CASE(one_hot_key_on_one_thread_is_fair) {
    const auto all = figures("--distribution one --duration 100ms --seed 42");
    BOOST_TEST(number(all, "operations") > 100u);
    BOOST_TEST(all.at("throughput").to_number<double>() > 0);
    BOOST_TEST(all.at("seconds").to_number<double>() >= 0.1);
    BOOST_TEST(all.at("options").at("coroutines").to_number<int>() == 64);
    BOOST_TEST(all.at("options").at("seed").to_number<int>() == 42);
    BOOST_TEST(all.at("hand_off_ns").at("count").to_number<int>() > 0);
    BOOST_TEST(all.at("fairness").at("jain").to_number<double>() > 0.9);
    BOOST_TEST(inversions(all) == 0u);
    BOOST_TEST(number(all, "timeouts") == 0u);
    BOOST_TEST(all.at("provider_statistics").at("queued").to_number<int>() > 0);
}

BOOST_AUTO_TEST_CASE(several_keys_readers_and_threads) {
    for (const char* how : {"lock", "execute", "acquire"}) {
        const auto all =
            figures("--keys 1000 --distribution zipf --zipf-theta 1.2 --shared 0.5 --keys-per-call 3 "
                    "--threads 2 --hold exp:20us --duration 100ms --operation " +
                    std::string(how));
        BOOST_TEST(number(all, "operations") > 10u);
    }
}

BOOST_AUTO_TEST_CASE(an_io_context_each) {
    const auto all = figures("--keys 2 --threads 3 --contexts own --think yield --hold 0 --duration 100ms");
    BOOST_TEST(number(all, "operations") > 10u);
}

BOOST_AUTO_TEST_CASE(exactly_so_many_operations) {
    const auto all = figures("--operations 1003 --coroutines 7 --threads 2 --operation execute --hold 0");
    BOOST_TEST(number(all, "operations") == 1003u);
}

BOOST_AUTO_TEST_CASE(timeouts_and_refusals_are_counted) {
    auto all = figures("--distribution one --coroutines 8 --hold 5ms --wait 8ms --duration 60ms");
    BOOST_TEST(number(all, "timeouts") > 0u);
    all = figures("--distribution one --hold 1ms --wait 0 --duration 20ms");
    BOOST_TEST(number(all, "refusals") > 0u);
    BOOST_TEST(number(all, "timeouts") == 0u);
    all = figures("--provider memory:?max_waiters=2 --keys 2 --threads 2 --duration 50ms");
    BOOST_TEST(number(all, "refusals") > 0u);
}

BOOST_AUTO_TEST_CASE(long_pauses_do_not_delay_the_end) {
    const auto start = std::chrono::steady_clock::now();
    const auto all = figures("--keys 2 --hold 1h --wait forever --duration 200ms");
    BOOST_TEST(all.at("unfinished").at("count").to_number<int>() > 0);
    figures("--think exp:1h --duration 20ms");
    BOOST_CHECK(std::chrono::steady_clock::now() - start < 10s);
}

BOOST_AUTO_TEST_CASE(the_table) {
    const outcome result = call("--operations 100 --warm-up 0 --seed 77 --shared 0.25");
    BOOST_TEST(result.code == 0);
    for (const char* part : {"seed 77", "25 % shared", "100 operations", "p99.9", "hand-off", "Jain",
                             "invariants   held: no holders overlapped"})
        BOOST_TEST(result.out.find(part) != std::string::npos, part);
}

BOOST_AUTO_TEST_CASE(broken_invariants_are_found) {
    outcome result = call("--provider nothing: --keys 1 --hold yield");
    BOOST_TEST(result.code == 1);
    BOOST_TEST(
        result.out.find("BROKEN: key \"contention:0\" was granted while 1 holder was there that has it "
                        "exclusively") != std::string::npos);
    BOOST_TEST(result.err.find("an invariant broke: key \"contention:0\"") != std::string::npos);

    result = call("--provider nothing: --keys 1 --shared 0.5 --threads 2 --operation execute --json");
    BOOST_TEST(result.code == 1);
    BOOST_TEST(json_of(result).at("invariants").at("overlaps").to_number<int>() > 0);

    result = call("--provider stale: --operation acquire --json");
    BOOST_TEST(result.code == 1);
    BOOST_TEST(json_of(result).at("invariants").at("token_regressions").to_number<int>() > 0);
    BOOST_TEST(json_of(result).at("invariants").at("overlaps").to_number<int>() == 0);
}

BOOST_AUTO_TEST_CASE(an_unfair_lock_is_seen_to_be_unfair) {
    const auto all = figures("--provider barging: --distribution one --operation acquire --duration 100ms");
    BOOST_TEST(inversions(all) > number(all, "operations") / 10);
    BOOST_TEST(inversions(figures(
                   "--provider memory: --distribution one --operation acquire --duration 50ms")) == 0u);
}

BOOST_AUTO_TEST_CASE(failures_that_break_no_invariant) {
    outcome result = call("--provider down:");
    BOOST_TEST(result.code == 3);
    BOOST_TEST(result.err == "contention: Cannot reach down:\n");
    result = call("--provider forgetful: --operation acquire");
    BOOST_TEST(result.code == 3);
    BOOST_TEST(result.err.find("was lost while it was held") != std::string::npos);
}

// As a backend that cannot be reached, while calls wait for it longer than the run lasts.
BOOST_AUTO_TEST_CASE(a_run_in_which_nothing_was_granted_has_failed) {
    for (const char* processes : {"", " --processes 2"}) {
        const outcome result =
            call("--provider silent: --duration 50ms --warm-up 0 --coroutines 3" + std::string(processes));
        BOOST_TEST(result.code == 3);
        BOOST_TEST(result.err.find("no call was granted: 3 still waited at the end") != std::string::npos,
                   result.err);
        BOOST_TEST(result.out.find("FAILED") != std::string::npos);
    }
    outcome result = call("--provider silent: --duration 50ms --wait 5ms --coroutines 3");
    BOOST_TEST(result.code == 3);
    result = call("--provider silent: --duration 50ms --wait 0 --coroutines 3 --json");
    BOOST_TEST(result.code == 3);
    BOOST_TEST(json_of(result).at("failure").as_string().find("were refused") != std::string::npos);
}

// These providers exclude within their process only: what they break is broken between processes.
BOOST_AUTO_TEST_CASE(processes_are_checked_against_each_other) {
    outcome result =
        call("--provider barging: --processes 2 --coroutines 1 --keys 1 --hold 1ms --duration 200ms --json");
    BOOST_TEST(result.code == 1);
    BOOST_TEST(json_of(result).at("invariants").at("overlaps").to_number<int>() > 0);
    BOOST_TEST(result.err.find("key \"contention:0\" was granted to process") != std::string::npos,
               result.err);
    result = call("--provider barging: --processes 3 --coroutines 1 --keys 1000000 --hold 0 --think 1ms "
                  "--duration 100ms --json --seed 5");
    BOOST_TEST(result.code == 0);
    const json::object all = json_of(result);
    BOOST_TEST(all.at("options").at("processes").to_number<int>() == 3);
    BOOST_TEST(number(all, "operations") > 10u);
    BOOST_TEST(number(all, "operations") == all.at("wait_ns").at("count").to_number<std::uint64_t>());
    BOOST_TEST(all.at("fairness").at("jain_processes").to_number<double>() > 0.5);
}

BOOST_AUTO_TEST_CASE(what_goes_wrong_in_one_of_several_processes_is_told) {
    BOOST_TEST(call("--provider down: --processes 2").code == 3);
    BOOST_TEST(call("--provider down: --processes 2").err == "contention: Cannot reach down:\n");
    BOOST_TEST(call("--provider nothing: --processes 2 --keys 1 --hold yield").code == 1);
    outcome result = call("--provider tape: --processes 2");
    BOOST_TEST(result.code == 2);
    BOOST_TEST(result.err.find("--provider") != std::string::npos);
    result = call("--provider memory: --processes 2");
    BOOST_TEST(result.code == 2);
    BOOST_TEST(result.err.find("memory: is of one process") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(bad_options) {
    for (const char* bad : {"--keys 0",
                            "--keys ten",
                            "--keys -1",
                            "--keys 99999999999999999999",
                            "--keys-per-call 17",
                            "--distribution one --keys-per-call 2",
                            "--distribution normal",
                            "--zipf-theta -1",
                            "--shared 1.5",
                            "--shared nan",
                            "--coroutines 0",
                            "--processes 0",
                            "--processes 65",
                            "--processes 2",
                            "--provider barging: --processes 2 --operations 1",
                            "--threads 0",
                            "--threads 65",
                            "--contexts many",
                            "--hold 5",
                            "--hold exp:0",
                            "--think -1ms",
                            "--wait soon",
                            "--expire 0",
                            "--operation steal",
                            "--duration 0",
                            "--duration forever",
                            "--operations 0",
                            "--warm-up yes",
                            "--seed -1",
                            "--json /nowhere/at/all",
                            "--provider nope",
                            "--provider tape:",
                            "--provider memory:?speed=1",
                            "--keys",
                            "--operation acquire --hold 1min",
                            "--frobnicate",
                            "extra"}) {
        const outcome result = call(bad);
        BOOST_TEST_CONTEXT(bad) {
            BOOST_TEST(result.code == 2);
            BOOST_TEST(result.out == "");
            BOOST_TEST(std::count(result.err.begin(), result.err.end(), '\n') == 1);
            const std::string option = std::string(bad).substr(0, std::string(bad).find(' '));
            const bool together = std::string(bad).find(" --") != std::string::npos;
            BOOST_TEST((together || result.err.find(option) != std::string::npos), result.err);
        }
    }
}

BOOST_AUTO_TEST_CASE(secrets_stay_secret) {
    BOOST_TEST(contention::without_secrets("redis://me:secret@host:1/0") == "redis://***@host:1/0");
    BOOST_TEST(contention::without_secrets("memory:?max_waiters=1") == "memory:?max_waiters=1");
}

BOOST_AUTO_TEST_CASE(help) {
    const outcome result = call("--help");
    BOOST_TEST(result.code == 0);
    for (const char* part : {"Usage", "--provider", "--zipf-theta", "PAUSE", "Exit code", "Examples"})
        BOOST_TEST(result.out.find(part) != std::string::npos, part);
    BOOST_TEST(call("--version").out.find("colock contention ") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
