// That servers, networks and poolers fail as they are told to.
#include "fault_proxy.hpp"
#include "pgbouncer.hpp"
#include "postgres_frames.hpp"
#include "postgres_server.hpp"

#include <boost/test/unit_test.hpp>

#include <libpq-fe.h>

#include <csignal>
#include <future>
#include <iostream>
#include <set>
#include <sstream>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

BOOST_AUTO_TEST_SUITE(fixtures)

using namespace colock_test;
using namespace std::chrono_literals;

const std::string table = "CREATE TABLE t (n int)";

BOOST_AUTO_TEST_CASE(a_server_restarts_with_its_data) {
    postgres_server server;
    server.connect().query(table);
    server.connect().query("CREATE UNLOGGED TABLE u AS SELECT 1");
    server.shut_down_fast();
    BOOST_CHECK_THROW(static_cast<void>(server.connect()), postgres_error);
    server.start();
    BOOST_CHECK_EQUAL(server.connect().number("SELECT count(*) FROM u"), 1);
    server.shut_down_at_once();
    server.start(); // it recovers, which empties what is not logged
    BOOST_CHECK_EQUAL(server.connect().number("SELECT count(*) FROM t"), 0);
    BOOST_CHECK_EQUAL(server.connect().number("SELECT count(*) FROM u"), 0);
    BOOST_CHECK_EQUAL(server.logged("not properly shut down"), 1);
}

BOOST_AUTO_TEST_CASE(settings_and_who_may_come_in) {
    postgres_server server(
        {.settings = {"max_connections=7", "fsync=on"},
         .access = "host all guest 127.0.0.1/32 password\nhost all all 127.0.0.1/32 trust"});
    BOOST_CHECK_EQUAL(server.connect().text("SHOW max_connections"), "7");
    BOOST_CHECK_EQUAL(server.connect().text("SHOW fsync"), "on");
    server.connect().query("CREATE ROLE guest LOGIN PASSWORD 'right'");
    BOOST_CHECK_THROW(postgres_client(server.url("password=wrong", "guest")), postgres_error);
    BOOST_CHECK_EQUAL(postgres_client(server.url("password=right", "guest")).text("SELECT current_user"),
                      "guest");
}

BOOST_AUTO_TEST_CASE(a_stopped_server_answers_when_it_goes_on) {
    postgres_server server;
    auto client = server.connect();
    server.stop();
    auto answer = std::async(std::launch::async, [&] { return client.number("SELECT 1"); });
    auto second = std::async(std::launch::async, [&] { return server.connect().number("SELECT 2"); });
    BOOST_CHECK(answer.wait_for(50ms) == std::future_status::timeout);
    BOOST_CHECK(second.wait_for(0ms) == std::future_status::timeout);
    server.resume();
    BOOST_CHECK_EQUAL(answer.get(), 1);
    BOOST_CHECK_EQUAL(second.get(), 2);
}

BOOST_AUTO_TEST_CASE(connections_are_broken_off) {
    postgres_server server;
    auto client = server.connect();
    auto other = postgres_client(server.url("application_name=other"));
    auto third = postgres_client(server.url("application_name=third"));
    BOOST_CHECK_EQUAL(client.connections(), 2);
    client.terminate("application_name = 'other'");
    BOOST_CHECK_EQUAL(client.connections(), 1);
    BOOST_CHECK_THROW(other.query("SELECT 1"), postgres_error);
    BOOST_CHECK_EQUAL(third.number("SELECT 1"), 1);
}

BOOST_AUTO_TEST_CASE(any_bytes_are_a_parameter) {
    postgres_server server;
    auto client = server.connect();
    const std::string all("\0'\\\"\xff{}", 7);
    BOOST_CHECK_EQUAL(client.number("SELECT length($1::bytea)", {bytea(all)}), 7);
    BOOST_CHECK_EQUAL(client.text("SELECT $1::bytea", {bytea(all)}), bytea(all));
}

// Ended by a signal as if it had been aborted, after it has stopped a server, or not.
BOOST_AUTO_TEST_CASE(a_server_ends_with_the_process_that_started_it) {
    for (const bool stopped : {false, true}) {
        postgres_server(); // the data folder that others begin with is ours, not the child's
        int ends[2];
        BOOST_REQUIRE(::pipe(ends) == 0);
        const pid_t child = ::fork();
        if (child == 0) {
            try {
                postgres_server server;
                const auto said = std::to_string(server.port()) + ' ' + server.folder();
                if (stopped)
                    server.stop();
                if (::write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size()))
                    ::raise(SIGKILL);
            } catch (const std::exception& e) {
                std::cerr << e.what() << '\n';
            }
            ::_exit(1);
        }
        ::close(ends[1]);
        char said[1000] = {};
        BOOST_REQUIRE_GT(::read(ends[0], said, sizeof said - 1), 0);
        ::close(ends[0]);
        ::waitpid(child, nullptr, 0);
        std::istringstream words(said);
        unsigned short port = 0;
        std::string folder;
        words >> port >> folder;
        // Its processes hold the port as long as there is one of them.
        const auto end = std::chrono::steady_clock::now() + 20s;
        const auto url = postgres_server::url_of(port, "connect_timeout=2");
        while (PQping(url.c_str()) != PQPING_NO_RESPONSE && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(5ms); // it is no child of ours
        BOOST_CHECK(std::chrono::steady_clock::now() < end);
        // It gives up its port before it has cleared away its files.
        std::error_code busy;
        while (std::filesystem::exists(folder) && std::chrono::steady_clock::now() < end)
            std::filesystem::remove_all(folder, busy);
        BOOST_CHECK(!std::filesystem::exists(folder));
    }
}

BOOST_AUTO_TEST_CASE(frames_of_the_protocol) {
    const std::string notification("A\0\0\0\x0c\0\0\0\x01"
                                   "a\0b\0",
                                   13);
    std::string row("D\0\0\1\4", 5);
    row.append(256, 'x');
    const std::vector<std::string> all{notification, std::string("Z\0\0\0\5I", 6),
                                       std::string("1\0\0\0\4", 5), row};
    for (const auto& whole : all) {
        BOOST_CHECK_EQUAL(postgres_frame_length(whole + "Z"), whole.size());
        for (std::size_t cut = 0; cut < whole.size(); ++cut)
            BOOST_CHECK_EQUAL(postgres_frame_length(std::string_view(whole).substr(0, cut)), 0u);
    }
    BOOST_CHECK(is_postgres_notification(notification));
    BOOST_CHECK(!is_postgres_notification("Z"));
}

BOOST_AUTO_TEST_CASE(a_listener_gets_all_but_what_was_notified) {
    postgres_server server;
    fault_proxy proxy(server.port(), postgres_wire);
    postgres_client through(postgres_server::url_of(proxy.port()));
    const auto notified = [&] {
        through.query("SELECT repeat('A', 70000)"); // what was sent before has arrived
        const std::unique_ptr<PGnotify, decltype(&PQfreemem)> got(PQnotifies(through.native()), PQfreemem);
        return got ? std::string(got->extra) : "nothing";
    };
    through.query("LISTEN c");
    proxy.drop_notifications(true);
    server.connect().query("NOTIFY c, 'lost'");
    BOOST_CHECK_EQUAL(notified(), "nothing");
    proxy.drop_notifications(false);
    server.connect().query("NOTIFY c, 'kept'");
    const auto end = std::chrono::steady_clock::now() + 10s;
    std::string got;
    while ((got = notified()) == "nothing" && std::chrono::steady_clock::now() < end) {
    }
    BOOST_CHECK_EQUAL(got, "kept");
}

BOOST_AUTO_TEST_CASE(a_lost_reply_is_of_a_statement_that_was_done) {
    postgres_server server;
    server.connect().query(table);
    const auto count = [&] { return server.connect().number("SELECT count(*) FROM t"); };
    fault_proxy proxy(server.port(), postgres_wire);
    postgres_client through(postgres_server::url_of(proxy.port()));
    proxy.lose_replies(1, "INSERT");
    BOOST_CHECK_EQUAL(through.number("SELECT 1"), 1);
    BOOST_CHECK_THROW(through.query("INSERT INTO t VALUES ($1::int)", {"1"}), postgres_error);
    BOOST_CHECK_EQUAL(count(), 1);
    BOOST_CHECK_EQUAL(proxy.lost(), 1);
    postgres_client again(postgres_server::url_of(proxy.port()));
    proxy.lose_requests(1, "INSERT");
    BOOST_CHECK_THROW(again.query("INSERT INTO t VALUES (2)"), postgres_error);
    BOOST_CHECK_EQUAL(count(), 1);
    BOOST_CHECK_EQUAL(proxy.lost(), 1);
}

BOOST_AUTO_TEST_CASE(a_pooler_changes_connections_between_transactions) {
    postgres_server server;
    pgbouncer pooler(server, 2);
    postgres_client one(pooler.url());
    postgres_client two(pooler.url());
    one.query("BEGIN");
    const auto first = one.number("SELECT pg_backend_pid()");
    const auto second = two.number("SELECT pg_backend_pid()");
    BOOST_CHECK_NE(first, second);
    BOOST_CHECK_EQUAL(one.number("SELECT pg_backend_pid()"), first);
    one.query("COMMIT");
    two.query("BEGIN");
    two.number("SELECT pg_backend_pid()");
    std::set<long long> all;
    for (int i = 0; i < 3; ++i) {
        postgres_client more(pooler.url());
        all.insert(more.number("SELECT pg_backend_pid()"));
    }
    BOOST_CHECK_EQUAL(all.size(), 1u); // many clients, one connection
    two.query("ROLLBACK");
}

BOOST_AUTO_TEST_SUITE_END()
