#include <colock/make_provider.hpp>
#include <colock/redis_provider.hpp>

#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(redis_options_)

using namespace colock_test;
using colock::redis_options;

// The text of the refusal; empty: it was made.
std::string refusal(const redis_options& options) {
    asio::io_context io;
    try {
        const colock::redis_provider made(io.get_executor(), options);
        return {};
    } catch (const colock::lock_error& e) {
        return e.code() == errc::invalid_argument ? e.what() : "another error";
    }
}

template<class Change>
std::string refusal_with(Change change) {
    redis_options options;
    change(options);
    return refusal(options);
}

BOOST_AUTO_TEST_CASE(each_option_is_checked_and_named) {
    BOOST_CHECK_EQUAL(refusal({}), "");
    const auto names = [](const std::string& text, const std::string& option) {
        return text.find("the Redis option \"" + option + "\"") == 0;
    };
    BOOST_CHECK(names(refusal_with([](auto& o) { o.host = ""; }), "host"));
    BOOST_CHECK(names(refusal_with([](auto& o) { o.port = 0; }), "port"));
    BOOST_CHECK(names(refusal_with([](auto& o) { o.unix_socket = std::string(108, '/'); }), "unix_socket"));
    BOOST_CHECK(names(refusal_with([](auto& o) {
                          o.unix_socket = "/s";
                          o.tls = true;
                      }),
                      "tls"));
    BOOST_CHECK(names(refusal_with([](auto& o) { o.user = "me"; }), "password"));
    BOOST_CHECK(names(refusal_with([](auto& o) { o.tls_key_file = "k"; }), "tls_cert_file"));
    for (const std::string& bad :
         {std::string(), std::string("a{b"), std::string("a}"), std::string(129, 'a')})
        BOOST_CHECK(names(refusal_with([&](auto& o) { o.name_space = bad; }), "name_space"));
    BOOST_CHECK(names(refusal_with([](auto& o) { o.connect_timeout = 0s; }), "connect_timeout"));
    BOOST_CHECK(names(refusal_with([](auto& o) { o.connect_timeout = colock::forever; }), "connect_timeout"));
    BOOST_CHECK(names(refusal_with([](auto& o) { o.lease = 99ms; }), "lease"));
}

redis_options options_of(std::string_view url) {
    asio::io_context io;
    const auto made = colock::make_provider(io.get_executor(), url);
    return dynamic_cast<const colock::redis_provider&>(*made).options();
}

BOOST_AUTO_TEST_CASE(a_url_sets_them) {
    const auto o = options_of("redis://me:s%3Acret@cache.lan:7000/3?namespace=shop&max_waiters=9&"
                              "connect_timeout=1500ms&lease=2min");
    BOOST_CHECK_EQUAL(o.host, "cache.lan");
    BOOST_CHECK_EQUAL(o.port, 7000);
    BOOST_CHECK_EQUAL(o.user, "me");
    BOOST_CHECK_EQUAL(o.password, "s:cret");
    BOOST_CHECK_EQUAL(o.database, 3u);
    BOOST_CHECK_EQUAL(o.name_space, "shop");
    BOOST_CHECK_EQUAL(o.max_waiters, 9u);
    BOOST_CHECK(o.connect_timeout == 1500ms);
    BOOST_CHECK(o.lease == 2min);
    BOOST_CHECK(!o.tls);
    BOOST_CHECK_EQUAL(options_of("redis://cache").port, 6379);
    BOOST_CHECK_EQUAL(options_of("redis://cache/").database, 0u);
    BOOST_CHECK_EQUAL(options_of("redis://[::1]:1").host, "::1");
    BOOST_CHECK_EQUAL(options_of("redis://:only@cache").password, "only");
    const auto tls = options_of("rediss://cache?tls_verify=false&tls_ca_file=/a&tls_name=n");
    BOOST_CHECK(tls.tls && !tls.tls_verify);
    BOOST_CHECK_EQUAL(tls.tls_ca_file + tls.tls_name, "/an");
    const auto local = options_of("redis+unix:///run/redis.sock?db=2");
    BOOST_CHECK_EQUAL(local.unix_socket, "/run/redis.sock");
    BOOST_CHECK_EQUAL(local.database, 2u);
}

BOOST_AUTO_TEST_CASE(a_bad_url_is_refused_without_its_password) {
    asio::io_context io;
    for (const char* bad :
         {"redis://", "redis://h/x", "redis://h/1x", "redis://h:0", "redis://h:99999", "redis://h?what=1",
          "redis://h?lease=5", "redis://h?lease=-5s", "redis://h?lease=s", "redis://h?tls_verify=false",
          "rediss://h?tls_verify=no", "redis+unix://h/p", "redis+unix:///", "redis://h?namespace=%7Ba",
          "redis://h?max_waiters=many",
          "redis://h?max_waiters=", "redis://h?lease=", "redis://me:hidden@h/x"}) {
        try {
            (void)colock::make_provider(io.get_executor(), bad);
            BOOST_ERROR("it was taken: " << bad);
        } catch (const colock::lock_error& e) {
            BOOST_CHECK_MESSAGE(e.code() == errc::invalid_argument, bad);
            BOOST_CHECK(std::string(e.what()).find("hidden") == std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(R8_an_unreachable_server_is_told_in_time) {
    asio::io_context io;
    redis_options options;
    options.unix_socket = "/nowhere/redis.sock";
    options.connect_timeout = 50ms;
    colock::locking_service locks(io.get_executor());
    locks.add_provider("redis", std::make_unique<colock::redis_provider>(io.get_executor(), options));
    const auto began = std::chrono::steady_clock::now();
    auto once = start(io.get_executor(), locks.acquire("a"));
    auto waiting = start(io.get_executor(), locks.acquire("a", {.wait = 80ms}));
    auto endless = start(io.get_executor(), locks.acquire("a", {.wait = colock::forever}));
    auto releasing = start(io.get_executor(), locks.release("a"));
    auto checking =
        start(io.get_executor(), dynamic_cast<colock::redis_provider&>(locks.get_provider("redis")).check());
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
        outlives = colock::make_provider(io.get_executor(), "redis://127.0.0.1:1");
        colock::locking_service locks(io.get_executor());
        locks.add_provider("redis", colock::make_provider(io.get_executor(), "redis://127.0.0.1:1"));
        (void)start(io.get_executor(), locks.lock("a", {.wait = colock::forever}));
        (void)start(io.get_executor(), locks.release("b"));
        io.poll();
    }
    outlives->stop();
}

BOOST_AUTO_TEST_SUITE_END()
