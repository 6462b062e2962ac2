// The command line: what cannot be used is said in one line.
#include "options.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>

using namespace seat_service;
using namespace std::chrono_literals;

namespace {

settings read(const std::vector<std::string>& arguments) {
    return std::get<settings>(read_options(arguments));
}

std::string complaint(const std::vector<std::string>& arguments) {
    try {
        (void)read_options(arguments);
    } catch (const usage_error& e) {
        return e.what();
    }
    return "";
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_options)

BOOST_AUTO_TEST_CASE(defaults) {
    const settings of = read({});
    BOOST_TEST(of.address == "127.0.0.1");
    BOOST_TEST(of.port == 8080);
    BOOST_TEST(of.provider == "memory:");
    BOOST_TEST(of.credentials.empty());
    BOOST_TEST(of.show_board);
    BOOST_TEST(!of.without_locks);
    BOOST_TEST((of.allowed.idle_timeout == 30s));
}

BOOST_AUTO_TEST_CASE(options_are_taken) {
    const settings of = read({"--port",
                              "0",
                              "--threads=3",
                              "--provider",
                              "memory:?max_waiters=5",
                              "--token",
                              "t",
                              "--address",
                              "0.0.0.0",
                              "--allowed-origin",
                              "https://a.example",
                              "--allowed-origin",
                              "https://b.example",
                              "--max-message",
                              "1000",
                              "--max-keys",
                              "2",
                              "--max-locks",
                              "3",
                              "--max-waits",
                              "4",
                              "--max-requests-per-second",
                              "5",
                              "--max-connections",
                              "6",
                              "--max-queue",
                              "70000",
                              "--idle-timeout",
                              "800",
                              "--payment",
                              "9",
                              "--drain-time",
                              "10",
                              "--log-level",
                              "warn",
                              "--no-board"});
    BOOST_TEST(of.port == 0);
    BOOST_TEST(of.threads == 3u);
    BOOST_TEST(of.provider == "memory:?max_waiters=5");
    BOOST_TEST_REQUIRE(of.credentials.size() == 1u);
    BOOST_TEST(of.credentials[0].token == "t");
    BOOST_TEST(of.allowed_origins.size() == 2u);
    BOOST_TEST(of.allowed.max_message == 1000u);
    BOOST_TEST(of.allowed.max_keys == 2u);
    BOOST_TEST(of.allowed.max_locks == 3u);
    BOOST_TEST(of.allowed.max_waits == 4u);
    BOOST_TEST(of.allowed.max_requests_per_second == 5u);
    BOOST_TEST(of.allowed.max_connections == 6u);
    BOOST_TEST(of.allowed.max_queue == 70000u);
    BOOST_TEST((of.allowed.idle_timeout == 800ms));
    BOOST_TEST((of.payment == 9ms));
    BOOST_TEST((of.drain_time == 10ms));
    BOOST_TEST(!of.show_board);
}

BOOST_AUTO_TEST_CASE(the_token_may_come_from_the_environment) {
    setenv("COLOCK_SERVICE_TOKEN", "from outside", 1);
    const settings of = read({});
    unsetenv("COLOCK_SERVICE_TOKEN");
    BOOST_TEST_REQUIRE(of.credentials.size() == 1u);
    BOOST_TEST(of.credentials[0].token == "from outside");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_used_is_said) {
    const std::pair<std::vector<std::string>, std::string> wrong[] = {
        {{"--address", "0.0.0.0"}, "needs --token"},
        {{"--address", "::"}, "needs --token"},
        {{"--address", "example.com"}, "not an IP address"},
        {{"--address", "0.0.0.0", "--token", "t", "--without-locks"}, "loopback"},
        {{"--port", "70000"}, "--port"},
        {{"--port", "-1"}, "--port"},
        {{"--port", "x"}, "--port"},
        {{"--threads", "-1"}, "--threads"},
        {{"--tls-certificate", "c.pem"}, "go together"},
        {{"--tls-key", "k.pem"}, "go together"},
        {{"--token", "t", "--owner-tokens", "f"}, "exclude"},
        {{"--owner-tokens", "/no/such/file"}, "cannot read"},
        {{"--allowed-origin", "example.com"}, "not an origin"},
        {{"--allowed-origin", "https://example.com/"}, "not an origin"},
        {{"--max-message", "1"}, "--max-message"},
        {{"--max-keys", "0"}, "--max-keys"},
        {{"--max-locks", "-5"}, "--max-locks"},
        {{"--idle-timeout", "1"}, "--idle-timeout"},
        {{"--payment", "100000"}, "--payment"},
        {{"--log-level", "loud"}, "--log-level"},
        {{"--nonsense"}, "--nonsense"},
        {{"nonsense"}, "nonsense"},
        {{"--port"}, "--port"},
    };
    for (const auto& [arguments, part] : wrong) {
        const std::string said = complaint(arguments);
        BOOST_TEST(said.find(part) != std::string::npos, arguments[0] << ": \"" << said << '"');
        BOOST_TEST(said.find('\n') == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(help_names_all_options) {
    const std::string text = std::get<help_text>(read_options({"--help"})).text;
    for (const char* option : {"--address",         "--port",
                               "--threads",         "--provider",
                               "--tls-certificate", "--tls-key",
                               "--token",           "--owner-tokens",
                               "--allowed-origin",  "--max-message",
                               "--max-keys",        "--max-locks",
                               "--max-waits",       "--max-requests-per-second",
                               "--max-connections", "--idle-timeout",
                               "--no-board",        "--payment",
                               "--log-level",       "--without-locks"})
        BOOST_TEST(text.find(option) != std::string::npos, option);
}

BOOST_AUTO_TEST_SUITE_END()
