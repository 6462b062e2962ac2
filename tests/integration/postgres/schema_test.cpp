// Who makes the tables, who may use them, and which are refused.
#include "stage.hpp"

#include <colock/postgres_provider.hpp>

BOOST_AUTO_TEST_SUITE(schema)

using namespace colock_test;

/// All that locks do, once.
void check_works(const std::string& url) {
    const client made(url);
    scene s(made.who, "schema");
    auto held = s.now(s.locks->lock(keys("a", "b")));
    auto waiting = s.queue(s.locks->acquire("a", {.owner = "me", .expire = 1h, .wait = 20s}), "a");
    BOOST_CHECK(s.now(held.release()));
    const auto granted = s.finish(waiting);
    BOOST_CHECK_GT(granted.token(), held.token());
    BOOST_CHECK(s.now(s.locks->extend(granted, 2h)).id() == granted.id());
    BOOST_CHECK_EQUAL(s.now(s.locks->release_all({.owner = "me"})), 1u);
    const auto job = [] { return 7; };
    BOOST_CHECK_EQUAL(s.now(s.locks->execute("a", job)), 7);
    s.tear_down();
    BOOST_CHECK_EQUAL(s.failures(), "");
}

BOOST_AUTO_TEST_CASE(many_processes_find_an_empty_database_at_once) {
    postgres_server server;
    std::vector<agent_process> all;
    std::vector<std::string> calls;
    for (int i = 0; i < 12; ++i)
        all.emplace_back(server.url("connect_timeout=30s"));
    for (auto& each : all)
        calls.push_back(each.call("visit a 2"));
    std::vector<std::uint64_t> tokens;
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (int visit = 0; visit < 2; ++visit) {
            const auto said = all[i].answer(calls[i]);
            BOOST_REQUIRE(said && said->front() == "visit");
            tokens.push_back(std::stoull(said->at(3)));
        }
        all[i].expect(calls[i], "end");
    }
    std::sort(tokens.begin(), tokens.end());
    BOOST_CHECK(std::adjacent_find(tokens.begin(), tokens.end()) == tokens.end());
    auto sql = server.connect();
    BOOST_CHECK_EQUAL(sql.number("SELECT count(*) FROM colock.version"), 1);
    BOOST_CHECK_EQUAL(sql.number("SELECT count(*) FROM colock.waiter"), 0);
    BOOST_CHECK_EQUAL(server.logged("ERROR:"), 0);
}

BOOST_AUTO_TEST_CASE(a_schema_of_another_name_is_another_world) {
    auto& server = shared_server();
    const std::string other = server.url("schema=my_locks_2&namespace=world");
    check_works(other);
    const client one(other);
    const client two(server.url("namespace=world"));
    scene a(one.who, "schema");
    scene b(two.who, "schema");
    const auto held = a.now(a.locks->acquire("a"));
    BOOST_CHECK(b.is_free("a"));
    BOOST_CHECK(a.now(a.locks->release(held)));
}

BOOST_AUTO_TEST_CASE(a_role_that_may_make_no_schema_is_told) {
    postgres_server server;
    server.connect().query("CREATE ROLE app LOGIN");
    const auto text = client(server.url("connect_timeout=1s", "app")).check_unavailable(1s);
    BOOST_CHECK(contains(text, "permission denied for database"));
    BOOST_CHECK(contains(text, "cannot make or use the schema \"colock\""));
}

BOOST_AUTO_TEST_CASE(a_role_with_the_grants_that_the_header_names) {
    postgres_server server;
    auto sql = server.connect();
    sql.query(colock::postgres_provider::schema_script());
    sql.query("CREATE ROLE app LOGIN");
    const auto url = server.url("connect_timeout=1s", "app");
    BOOST_CHECK(contains(client(url).check_unavailable(1s), "permission denied for schema colock"));
    sql.query("GRANT USAGE ON SCHEMA colock TO app");
    BOOST_CHECK(contains(client(url).check_unavailable(1s), "permission denied for table"));
    sql.query("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA colock TO app;"
              "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA colock TO app");
    check_works(server.url("connect_timeout=20s", "app"));
    BOOST_CHECK_EQUAL(sql.text("SELECT tableowner FROM pg_tables WHERE schemaname = 'colock' LIMIT 1"),
                      "postgres");
}

BOOST_AUTO_TEST_CASE(a_role_that_was_given_an_empty_schema_makes_the_rest) {
    postgres_server server;
    auto sql = server.connect();
    sql.query("CREATE ROLE app LOGIN; CREATE SCHEMA colock AUTHORIZATION app");
    check_works(server.url("connect_timeout=20s", "app"));
    BOOST_CHECK_EQUAL(sql.text("SELECT tableowner FROM pg_tables WHERE schemaname = 'colock' LIMIT 1"),
                      "app");
}

BOOST_AUTO_TEST_CASE(the_script_makes_what_providers_make) {
    postgres_server server;
    auto sql = server.connect();
    check_works(server.url());
    const std::string what =
        "SELECT count(*), md5(string_agg(pg_get_functiondef(p.oid), ' ' ORDER BY p.proname)) "
        "FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'colock'";
    const auto made = sql.query(what);
    sql.query("DROP SCHEMA colock CASCADE");
    sql.query(colock::postgres_provider::schema_script());
    BOOST_CHECK(sql.query(what) == made);
    BOOST_CHECK_THROW(sql.query(colock::postgres_provider::schema_script()), postgres_error); // it is there
    sql.query("ROLLBACK");
    sql.query(colock::postgres_provider::schema_script("other"));
    check_works(server.url("schema=other"));
    for (const auto* name : {"", "a b", "a\"b", "Colock", "1a"})
        BOOST_CHECK_THROW(static_cast<void>(colock::postgres_provider::schema_script(name)),
                          colock::lock_error);
}

BOOST_AUTO_TEST_CASE(a_schema_of_another_version_is_refused) {
    postgres_server server;
    check_works(server.url());
    for (const std::string version : {"0", "99"}) {
        server.connect().query("UPDATE colock.version SET version = " + version);
        const auto text = client(server.url("connect_timeout=1s")).check_unavailable(1s);
        BOOST_CHECK(contains(text, "\"colock\""));
        BOOST_CHECK(contains(text, "version " + version));
    }
}

// What a provider does when its tables vanish under it: they are made again, and who held something is told.
BOOST_AUTO_TEST_CASE(T2_a_schema_that_was_dropped_is_made_again_and_tokens_grow) {
    stage t({.query = "connect_timeout=5s", .own_server = true});
    auto held = t.s.now(t.s.locks->lock("a", {.expire = 600ms}));
    auto waiting = t.s.queue(t.s.locks->lock("a", {.wait = forever}), "a");
    t.sql().query("DROP SCHEMA colock CASCADE");
    BOOST_CHECK(!t.s.error_of(held.wait_lost()));
    auto next = t.s.finish(waiting);
    BOOST_CHECK_GT(next.token(), held.token());
    BOOST_CHECK(!t.s.now(held.release()));
    BOOST_CHECK(!next.lost());
    BOOST_CHECK(t.s.now(next.release()));
}

BOOST_AUTO_TEST_SUITE_END()
