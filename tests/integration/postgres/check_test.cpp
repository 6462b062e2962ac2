// What check() says of servers that there really are.
#include "stage.hpp"

#include "postgres/check.hpp"

#include <colock/postgres_provider.hpp>

#include <filesystem>

BOOST_AUTO_TEST_SUITE(check)

using namespace colock_test;

colock::postgres_report report_of(const std::string& url) {
    const client made(url);
    scene s(made.who, "check");
    auto& provider = dynamic_cast<colock::postgres_provider&>(s.locks->get_provider());
    return s.now(provider.check());
}

bool warns(const colock::postgres_report& report, std::string_view of) {
    return std::any_of(report.warnings.begin(), report.warnings.end(),
                       [&](const auto& text) { return contains(text, of); });
}

BOOST_AUTO_TEST_CASE(it_reports_what_threatens_locks) {
    postgres_server server({.settings = {"fsync=on"}});
    const auto good = report_of(server.url());
    for (const auto& each : good.warnings)
        BOOST_ERROR("it warned of " << each);
    BOOST_CHECK_EQUAL(good.version, server.connect().text("SHOW server_version"));

    server.connect().query("ALTER DATABASE postgres SET synchronous_commit = off;"
                           "ALTER DATABASE postgres SET default_transaction_isolation = 'serializable'");
    const auto bad = report_of(server.url());
    BOOST_CHECK(warns(bad, "synchronous_commit is off"));
    BOOST_CHECK(!warns(bad, "serializable")); // a connection of its own is as it wants it
    BOOST_CHECK(warns(report_of(server.url("transaction_pooler=true")), "serializable"));
}

BOOST_AUTO_TEST_CASE(settings_of_the_server) {
    postgres_server server({.settings = {"fsync=off", "full_page_writes=off", "autovacuum=off"}});
    const auto report = report_of(server.url());
    BOOST_CHECK(warns(report, "fsync is off"));
    BOOST_CHECK(warns(report, "full_page_writes is off"));
    BOOST_CHECK(warns(report, "autovacuum is off"));
    BOOST_CHECK_EQUAL(report.warnings.size(), 3u);
}

// Whoever takes its log asynchronously counts as one; pg_receivewal needs no data folder.
BOOST_AUTO_TEST_CASE(an_asynchronous_standby) {
    postgres_server server({.settings = {"fsync=on"}});
    const temporary_folder folder;
    const auto to = folder.path() / "wal";
    std::filesystem::create_directory(to);
    const child_process standby(
        {postgres_server::program("pg_receivewal"), "-D", to, "-d", server.url("application_name=second")});
    auto sql = server.connect();
    const auto end = time::now() + 20s;
    while (
        sql.number(
            "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'async' AND state = 'streaming'") ==
        0) {
        BOOST_REQUIRE(time::now() < end);
        std::this_thread::sleep_for(10ms); // it has no other way to say it
    }
    const auto report = report_of(server.url());
    BOOST_CHECK(warns(report, "second"));
    BOOST_CHECK(warns(report, "promoted"));
    sql.query("CREATE ROLE app LOGIN; GRANT CREATE ON DATABASE postgres TO app");
    (void)report_of(server.url("schema=apps", "app")); // it may not see everything, but works
}

// Of those that keep old rows from being cleared away: by what they have seen, or by what they have written.
BOOST_AUTO_TEST_CASE(a_transaction_that_stays_open) {
    postgres_server server;
    auto asking = server.connect();
    const auto warned = [&](std::chrono::seconds long_open) {
        const auto said = asking.query(colock::postgres::check_question(long_open)).at(0).back();
        return said && contains(*said, "a transaction has been open for ");
    };
    BOOST_CHECK(!warned(0s));
    auto other = server.connect();
    other.query("CREATE TABLE written (n int)");
    for (const std::string transaction :
         {"BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1", "BEGIN; INSERT INTO written VALUES (1)"}) {
        other.query(transaction);
        BOOST_CHECK(warned(0s));
        BOOST_CHECK(!warned(60s));
        other.query("COMMIT");
        BOOST_CHECK(!warned(0s));
    }
    other.query("BEGIN"); // it has neither
    BOOST_CHECK(!warned(0s));
}

BOOST_AUTO_TEST_CASE(R8_a_server_that_is_not_there) {
    const client made(postgres_server::url_of(free_port(), "connect_timeout=300ms"));
    scene s(made.who, "check");
    auto& provider = dynamic_cast<colock::postgres_provider&>(s.locks->get_provider());
    BOOST_CHECK_EQUAL(s.error_of(provider.check()), make_error_code(errc::provider_unavailable));
}

BOOST_AUTO_TEST_SUITE_END()
