#include <colock/make_provider.hpp>
#include <colock/postgres_provider.hpp>
#include <colock/postgres_transaction.hpp>

#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(postgres_options_)

using namespace colock_test;
using colock::postgres_options;

// The text of the refusal; empty: it was made.
template<class Change>
std::string refusal_with(Change change) {
    postgres_options options;
    change(options);
    asio::io_context io;
    try {
        const colock::postgres_provider made(io.get_executor(), options);
        return {};
    } catch (const colock::lock_error& e) {
        return e.code() == errc::invalid_argument ? e.what() : "another error";
    }
}

BOOST_AUTO_TEST_CASE(each_option_is_checked_and_named) {
    BOOST_CHECK_EQUAL(refusal_with([](auto&) {}), "");
    const auto names = [](const std::string& text, const std::string& option) {
        return text.find("the PostgreSQL option \"" + option + "\"") == 0;
    };
    for (const std::string& bad : {std::string("what=1"), std::string("host"),
                                   std::string("postgres://h?x=1"), std::string("host=a\0b", 8)}) {
        BOOST_CHECK(names(refusal_with([&](auto& o) { o.connection = bad; }), "connection"));
        BOOST_CHECK(names(refusal_with([&](auto& o) { o.notifications = bad; }), "notifications"));
    }
    BOOST_CHECK(refusal_with([](auto& o) { o.connection = "what=1"; }).find("what") != std::string::npos);
    for (const std::string& bad : {std::string(), std::string("A"), std::string("1a"), std::string("a\"b"),
                                   std::string("a b"), std::string(64, 'a')})
        BOOST_CHECK(names(refusal_with([&](auto& o) { o.schema = bad; }), "schema"));
    for (const std::string& bad : {std::string(), std::string(129, 'a'), std::string("a\0", 2)})
        BOOST_CHECK(names(refusal_with([&](auto& o) { o.name_space = bad; }), "name_space"));
    BOOST_CHECK(names(refusal_with([](auto& o) { o.connect_timeout = 0s; }), "connect_timeout"));
    BOOST_CHECK(names(refusal_with([](auto& o) { o.connect_timeout = colock::forever; }), "connect_timeout"));
    BOOST_CHECK(names(refusal_with([](auto& o) { o.lease = 99ms; }), "lease"));
}

postgres_options options_of(std::string_view url) {
    asio::io_context io;
    const auto made = colock::make_provider(io.get_executor(), url);
    return dynamic_cast<const colock::postgres_provider&>(*made).options();
}

BOOST_AUTO_TEST_CASE(a_url_sets_them_and_the_rest_is_libpqs) {
    const auto o =
        options_of("postgres://me:s%3Acret@db.lan:7000/shop?namespace=a%20b&sslmode=require&max_waiters=9&"
                   "connect_timeout=1500ms&lease=2min&schema=s1&transaction_pooler=true&"
                   "options=-c%20geqo%3Doff");
    BOOST_CHECK_EQUAL(o.connection,
                      "postgres://me:s%3Acret@db.lan:7000/shop?sslmode=require&options=-c%20geqo%3Doff");
    BOOST_CHECK_EQUAL(o.name_space, "a b");
    BOOST_CHECK_EQUAL(o.schema, "s1");
    BOOST_CHECK_EQUAL(o.max_waiters, 9u);
    BOOST_CHECK(o.connect_timeout == 1500ms);
    BOOST_CHECK(o.lease == 2min);
    BOOST_CHECK(o.transaction_pooler);
    BOOST_CHECK_EQUAL(options_of("postgresql://").connection, "postgresql://");
    const auto several = options_of("postgresql://a:1,b:2/shop?host=%2Frun&notifications=host%3Dc");
    BOOST_CHECK_EQUAL(several.connection, "postgresql://a:1,b:2/shop?host=%2Frun");
    BOOST_CHECK_EQUAL(several.notifications, "host=c");
}

BOOST_AUTO_TEST_CASE(a_bad_url_is_refused_without_its_password) {
    asio::io_context io;
    for (const char* bad :
         {"postgres://h?what=1", "postgres://me:hidden@h?lease=5", "postgres://h?password=hidden&lease=5",
          "postgres://h?namespace=", "postgres://h?transaction_pooler=1", "postgres://h?schema=A",
          "postgres://h?a b", "postgres://h?schema=a&schema=b"}) {
        try {
            (void)colock::make_provider(io.get_executor(), bad);
            BOOST_ERROR("it was taken: " << bad);
        } catch (const colock::lock_error& e) {
            BOOST_CHECK_MESSAGE(e.code() == errc::invalid_argument, bad);
            BOOST_CHECK_MESSAGE(std::string(e.what()).find("hidden") == std::string::npos, e.what());
        }
    }
}

BOOST_AUTO_TEST_CASE(R8_an_unreachable_server_is_told_in_time) {
    asio::io_context io;
    postgres_options options;
    options.connection = "host=/nowhere";
    options.connect_timeout = 50ms;
    colock::locking_service locks(io.get_executor());
    locks.add_provider("postgres", std::make_unique<colock::postgres_provider>(io.get_executor(), options));
    const auto began = std::chrono::steady_clock::now();
    auto once = start(io.get_executor(), locks.acquire("a"));
    auto waiting = start(io.get_executor(), locks.acquire("a", {.wait = 80ms}));
    auto endless = start(io.get_executor(), locks.acquire("a", {.wait = colock::forever}));
    auto releasing = start(io.get_executor(), locks.release("a"));
    auto checking = start(io.get_executor(),
                          dynamic_cast<colock::postgres_provider&>(locks.get_provider("postgres")).check());
    io.run(); // and it returns, though nothing was closed
    BOOST_CHECK(once.error() == errc::provider_unavailable);
    BOOST_CHECK(waiting.error() == errc::provider_unavailable);
    BOOST_CHECK(endless.error() == errc::provider_unavailable);
    BOOST_CHECK(releasing.error() == errc::provider_unavailable);
    BOOST_CHECK(checking.error() == errc::provider_unavailable);
    BOOST_CHECK(std::chrono::steady_clock::now() - began < 5s);
    try {
        once.get();
    } catch (const colock::lock_error& e) {
        BOOST_TEST_MESSAGE(e.what());
        BOOST_CHECK(std::string(e.what()).find("No such file") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(Z2_never_used_it_leaves_nothing) {
    std::unique_ptr<colock::provider> outlives;
    {
        asio::io_context io;
        const char* const url = "postgres://127.0.0.1:1/x";
        outlives = colock::make_provider(io.get_executor(), url);
        colock::locking_service locks(io.get_executor());
        locks.add_provider("postgres", colock::make_provider(io.get_executor(), url));
        (void)start(io.get_executor(), locks.lock("a", {.wait = colock::forever}));
        (void)start(io.get_executor(), locks.release("b"));
        io.poll();
    }
    outlives->stop();
}

BOOST_AUTO_TEST_CASE(the_schema_as_a_script) {
    const std::string script = colock::postgres_provider::schema_script("locks_1");
    BOOST_CHECK(script.starts_with("BEGIN;"));
    BOOST_CHECK(script.ends_with("COMMIT;\n"));
    BOOST_CHECK(script.find("CREATE TABLE locks_1.lock ") != std::string::npos);
    BOOST_CHECK(script.find('@') == std::string::npos);
    BOOST_CHECK_THROW((void)colock::postgres_provider::schema_script("a;b"), colock::lock_error);
}

BOOST_AUTO_TEST_CASE(statements_for_ones_own_transaction) {
    namespace pg = colock::postgres;
    const colock::grant held(colock::keys("b", "a"), "me", colock::lock_mode::exclusive, {1, 2}, 77,
                             colock::never);
    const pg::statement check = pg::verify_statement(held, {.schema = "s", .name_space = "n"});
    BOOST_CHECK_EQUAL(check.text, "SELECT s.verify($1::text, $2::bytea[], $3::int8)");
    BOOST_CHECK_EQUAL(check.parameter_count, 3);
    BOOST_CHECK_EQUAL(check.parameters[0] + check.parameters[1] + check.parameters[2],
                      R"(n{"\\x61","\\x62"}77)");
    const pg::statement take = pg::take_statement("a");
    BOOST_CHECK_EQUAL(take.text, "SELECT colock.take($1::text, VARIADIC $2::bytea[])");
    BOOST_CHECK_EQUAL(take.parameter_count, 2);
    BOOST_CHECK_THROW((void)pg::verify_statement({}), colock::lock_error);
    BOOST_CHECK_THROW((void)pg::take_statement("a", {.schema = "a b"}), colock::lock_error);
}

BOOST_AUTO_TEST_SUITE_END()
