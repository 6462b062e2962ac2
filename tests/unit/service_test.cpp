#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <system_error>

BOOST_AUTO_TEST_SUITE(service)

using namespace colock_test;
using colock::forever;

std::string text_of(auto call) {
    try {
        call();
    } catch (const colock::lock_error& e) {
        return e.what();
    }
    return "no error";
}

BOOST_AUTO_TEST_CASE(errors_name_their_keys) {
    world w;
    auto held = w.now(w.locks->lock("prod_123"));
    const auto refused = [&] { w.now(w.locks->acquire("prod_123")); };
    BOOST_CHECK_EQUAL(text_of(refused),
                      "Failed to acquire lock for key \"prod_123\": already locked by another");
    auto late = w.start(w.locks->lock(colock::keys("prod_123", "b"), {.wait = 1s}));
    w.advance(1s);
    BOOST_CHECK_EQUAL(text_of([&] { late.get(); }), "Timed out acquiring lock for keys \"b\", \"prod_123\"");
    try {
        refused();
    } catch (const colock::lock_error& e) {
        BOOST_CHECK(e.keys() == colock::key_set("prod_123"));
    }
    BOOST_CHECK(text_of([&] { w.now(w.locks->acquire("")); }).starts_with("Invalid argument for key \"\": "));
}

BOOST_AUTO_TEST_CASE(errors_show_any_bytes_safely_and_no_more_than_helps) {
    const auto text = [](colock::key_set keys) {
        return std::string(colock::lock_error::acquiring(errc::timed_out, keys).what());
    };
    BOOST_CHECK_EQUAL(text(std::string("a\0\n\"\\\xff", 6)),
                      "Timed out acquiring lock for key \"a\\x00\\x0a\\\"\\\\\\xff\"");
    BOOST_CHECK_LT(text(std::string(500, 'k')).size(), 150u);
    BOOST_CHECK(text(colock::keys("1", "2", "3", "4", "5", "6")).ends_with("\"4\" and 2 more"));
}

BOOST_AUTO_TEST_CASE(error_codes_map_to_the_standard_conditions) {
    const auto code = [](errc e) { return boost::system::error_code(e); };
    BOOST_CHECK(code(errc::timed_out) == boost::system::errc::timed_out);
    BOOST_CHECK(code(errc::timed_out) == std::errc::timed_out);
    BOOST_CHECK(std::error_code(code(errc::timed_out)) == std::errc::timed_out);
    BOOST_CHECK(code(errc::invalid_argument) == std::errc::invalid_argument);
    BOOST_CHECK(code(errc::closed) == std::errc::operation_canceled);
    BOOST_CHECK(code(errc::already_locked) != std::errc::timed_out);
    BOOST_CHECK_EQUAL(code(errc::lease_lost).category().name(), "colock");
    for (int e = 1; e <= static_cast<int>(errc::provider_unavailable); ++e)
        BOOST_CHECK_NE(code(static_cast<errc>(e)).message(), "unknown error");
    BOOST_CHECK_EQUAL(colock::error_category().message(99), "unknown error");
}

BOOST_AUTO_TEST_CASE(the_default_provider) {
    asio::io_context io;
    colock::locking_service locks(io.get_executor());
    auto& in_memory = locks.get_provider("in-memory");
    BOOST_CHECK(&locks.get_provider() == &in_memory);
    locks.add_provider("one", std::make_unique<colock::memory_provider>());
    BOOST_CHECK(&locks.get_provider() == &locks.get_provider("one"));
    locks.add_provider("two", std::make_unique<colock::memory_provider>());
    BOOST_CHECK(&locks.get_provider() == &in_memory);
    locks.add_provider("three", std::make_unique<colock::memory_provider>(), {.is_default = true});
    BOOST_CHECK(&locks.get_provider() == &locks.get_provider("three"));
    locks.add_provider("four", std::make_unique<colock::memory_provider>());
    BOOST_CHECK(&locks.get_provider() == &locks.get_provider("three"));
    locks.add_provider("five", std::make_unique<colock::memory_provider>(), {.is_default = true});
    BOOST_CHECK(&locks.get_provider() == &locks.get_provider("five"));
}

BOOST_AUTO_TEST_CASE(a_call_may_choose_its_provider) {
    world w;
    w.now(w.locks->acquire("a", {.provider = "in-memory"}));
    const auto here = w.now(w.locks->acquire("a"));
    BOOST_CHECK(!w.now(w.locks->try_lock("a", {.provider = "in-memory"})));
    BOOST_CHECK(w.now(w.locks->release("a", {.provider = "in-memory"})));
    BOOST_CHECK_EQUAL(w.now(w.locks->list({.provider = "in-memory"})).size(), 0u);
    BOOST_CHECK_EQUAL(w.now(w.locks->list()).size(), 1u);
    BOOST_CHECK_EQUAL(w.now(w.locks->release_all({.provider = "in-memory"})), 0u);
    BOOST_CHECK(w.now(w.locks->release(here)));
}

BOOST_AUTO_TEST_CASE(misuse_of_provider_ids) {
    world w;
    const auto add = [&](const char* id, std::unique_ptr<colock::provider> p) {
        return fails_with(errc::invalid_argument, [&] { w.locks->add_provider(id, std::move(p)); });
    };
    BOOST_CHECK(add("", std::make_unique<colock::memory_provider>()));
    BOOST_CHECK(add("test", std::make_unique<colock::memory_provider>()));
    BOOST_CHECK(add("in-memory", std::make_unique<colock::memory_provider>()));
    BOOST_CHECK(add("null", nullptr));
    BOOST_CHECK_EQUAL(text_of([&] { (void)w.locks->get_provider("nope"); }),
                      "Unknown provider \"nope\"; there are \"in-memory\", \"test\"");
    const auto unknown = [&](auto call) {
        return fails_with(errc::unknown_provider, [&] { w.now(call()); });
    };
    BOOST_CHECK(unknown([&] { return w.locks->acquire("a", {.provider = "nope"}); }));
    BOOST_CHECK(unknown([&] { return w.locks->try_acquire("a", {.provider = "nope"}); }));
    BOOST_CHECK(unknown([&] { return w.locks->lock("a", {.provider = "nope"}); }));
    BOOST_CHECK(unknown([&] { return w.locks->execute("a", [] {}, {.provider = "nope"}); }));
    BOOST_CHECK(unknown([&] { return w.locks->release("a", {.provider = "nope"}); }));
    BOOST_CHECK(unknown([&] { return w.locks->release_all({.provider = "nope"}); }));
    BOOST_CHECK(unknown([&] { return w.locks->list({.provider = "nope"}); }));
    BOOST_CHECK_EQUAL(w.held(), 0u);
}

BOOST_AUTO_TEST_CASE(make_provider_from_a_url) {
    asio::io_context io;
    const auto make = [&](std::string_view url) { return colock::make_provider(io.get_executor(), url); };
    BOOST_CHECK(dynamic_cast<colock::memory_provider*>(make("memory:").get()));
    world w;
    w.locks->add_provider("small", make("memory:?max_waiters=0"));
    w.now(w.locks->acquire("a", {.provider = "small"}));
    BOOST_CHECK(
        fails_with(errc::too_many_waiters, [&] { w.now(w.locks->lock("a", {.provider = "small"})); }));
    for (const char* bad :
         {"", "memory", ":", "memory://host", "memory:path", "memory:?size=1",
          "memory:?max_waiters=", "memory:?max_waiters=-1", "memory:?max_waiters=1x", "memory:?max_waiters",
          "memory:?max_waiters=1&max_waiters=2", "memory:?max_waiters=99999999999999999999", "redis://",
          "postgres://localhost?what=1", "etcd://localhost", "what:ever", "\xff"}) {
        BOOST_TEST_CONTEXT(bad)
        BOOST_CHECK(fails_with(errc::invalid_argument, [&] { (void)make(bad); }));
    }
    BOOST_CHECK(text_of([&] { (void)make("etcd://user:secret@host/1"); }).find("secret") ==
                std::string::npos);
    BOOST_CHECK(text_of([&] { (void)make("etcd://host"); }).find("not built") != std::string::npos);
#ifndef COLOCK_HAS_REDIS
    BOOST_CHECK(text_of([&] { (void)make("redis://host/1"); }).find("not built") != std::string::npos);
#endif
#ifndef COLOCK_HAS_POSTGRES
    BOOST_CHECK(text_of([&] { (void)make("postgres://host/1"); }).find("not built") != std::string::npos);
#endif
    BOOST_CHECK(text_of([&] { (void)make("memory:?size=1"); }).find("\"size\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(list_tells_who_holds_what) {
    world w;
    w.now(w.locks->acquire("prod_1", {.owner = "me", .expire = 10s}));
    const auto guard = w.now(w.locks->lock("prod_2", {.mode = colock::lock_mode::shared}));
    w.now(w.locks->acquire("cart_1", {.owner = "you"}));
    auto waiting = w.start(w.locks->lock("prod_1", {.wait = forever}));
    w.advance(3s);
    BOOST_CHECK_EQUAL(w.now(w.locks->list()).size(), 3u);
    BOOST_CHECK_EQUAL(w.now(w.locks->list({.prefix = "prod_"})).size(), 2u);
    const auto mine = w.now(w.locks->list({.owner = "me"}));
    BOOST_REQUIRE_EQUAL(mine.size(), 1u);
    BOOST_CHECK_EQUAL(mine[0].key, "prod_1");
    BOOST_CHECK_EQUAL(mine[0].waiters, 1u);
    const auto& holder = mine[0].holders.at(0);
    BOOST_CHECK_EQUAL(holder.owner, "me");
    BOOST_CHECK(holder.age == 3s);
    BOOST_CHECK(holder.remaining == 7s);
    BOOST_CHECK(!holder.scoped);
    const auto other = w.now(w.locks->list({.prefix = "prod_2"}));
    BOOST_CHECK_EQUAL(other.at(0).holders.at(0).token, guard.token());
    BOOST_CHECK(other.at(0).holders.at(0).mode == colock::lock_mode::shared);
    BOOST_CHECK(other.at(0).holders.at(0).remaining == forever);
    BOOST_CHECK(other.at(0).holders.at(0).scoped);
}

BOOST_AUTO_TEST_SUITE_END()
