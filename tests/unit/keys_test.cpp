#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(keys)

using namespace colock_test;
using colock::forever;

BOOST_AUTO_TEST_CASE(K1_a_cancelled_grant_gives_back_only_what_was_new) {
    world w;
    const auto mine = w.now(w.locks->acquire("a", {.owner = "me"}));
    const auto other = w.now(w.locks->acquire("b", {.owner = "you"}));
    auto both = w.start(w.locks->acquire(colock::keys("a", "b"), {.owner = "me", .wait = forever}));
    const auto release_and_cancel = [&]() -> asio::awaitable<void> {
        co_await w.locks->release(other); // grants, and posts that
        both.cancel();
    };
    w.now(release_and_cancel());
    BOOST_CHECK(both.error() == asio::error::operation_aborted);
    const auto left = w.now(w.locks->list());
    BOOST_REQUIRE_EQUAL(left.size(), 1u);
    BOOST_CHECK_EQUAL(left[0].key, "a");
    BOOST_CHECK_EQUAL(left[0].holders.at(0).owner, "me");
}

BOOST_AUTO_TEST_CASE(K2_keys_are_sorted_and_each_is_taken_once) {
    const auto set = colock::keys("b", "a", "b", std::string("c"), "a");
    const std::vector<std::string> expected{"a", "b", "c"};
    BOOST_TEST(set.to_vector() == expected, boost::test_tools::per_element());
    world w;
    const auto held = w.now(w.locks->acquire(colock::keys("x", "x")));
    BOOST_CHECK_EQUAL(held.keys().size(), 1u);
    BOOST_CHECK(w.now(w.locks->release(colock::keys("x", "x"))));
    const auto twice = w.now(w.locks->lock(colock::keys("y", "z", "y")));
    BOOST_CHECK_EQUAL(twice.grant().keys().size(), 2u);
}

BOOST_AUTO_TEST_CASE(K2_a_key_set_copies_moves_and_compares) {
    const std::string longer(100, 'k');
    for (const auto& set : {colock::key_set("short"), colock::key_set(longer), colock::keys("a", longer)}) {
        colock::key_set copy = set;
        BOOST_CHECK(copy == set);
        colock::key_set moved = std::move(copy);
        BOOST_CHECK(moved == set);
        BOOST_CHECK(copy.empty()); // NOLINT: that is what is tested
        copy = moved;
        BOOST_CHECK(copy == set);
        moved = std::move(copy);
        BOOST_CHECK_EQUAL(moved.hash(0), set.hash(0));
        BOOST_CHECK(moved.contains(set[0]));
    }
    BOOST_CHECK(!(colock::key_set("a") == colock::key_set("b")));
    BOOST_CHECK(!(colock::key_set("a") == colock::keys("a", "b")));
    BOOST_CHECK(!colock::key_set().valid());
}

BOOST_AUTO_TEST_CASE(K3_bad_arguments_change_nothing) {
    world w;
    auto& locks = *w.locks;
    const std::string too_long(513, 'k');
    const auto invalid = [&](auto call) {
        return fails_with(errc::invalid_argument, [&] { w.now(call()); });
    };
    for (const auto& keys : {colock::key_set(), colock::key_set(""), colock::key_set(too_long),
                             colock::keys("a", ""), colock::keys("a", too_long)}) {
        BOOST_CHECK(invalid([&] { return locks.acquire(keys); }));
        BOOST_CHECK(invalid([&] { return locks.try_acquire(keys); }));
        BOOST_CHECK(invalid([&] { return locks.lock(keys); }));
        BOOST_CHECK(invalid([&] { return locks.try_lock(keys); }));
        BOOST_CHECK(invalid([&] { return locks.release(keys); }));
        BOOST_CHECK(invalid([&] { return locks.execute(keys, [] {}); }));
        BOOST_CHECK(fails_with(errc::invalid_argument, [&] { (void)w.memory->try_lock(keys); }));
    }
    BOOST_CHECK(invalid([&] { return locks.acquire("a", {.wait = -1ns}); }));
    BOOST_CHECK(invalid([&] { return locks.acquire("a", {.wait = colock::duration::min()}); }));
    BOOST_CHECK(invalid([&] { return locks.acquire("a", {.expire = 0ns}); }));
    BOOST_CHECK(invalid([&] { return locks.acquire("a", {.expire = -1s}); }));
    BOOST_CHECK(invalid([&] { return locks.acquire("a", {.owner = too_long}); }));
    BOOST_CHECK(invalid([&] { return locks.lock("a", {.wait = -1s}); }));
    BOOST_CHECK(invalid([&] { return locks.lock("a", {.expire = 0s}); }));
    BOOST_CHECK(invalid([&] { return locks.execute("a", [] {}, {.wait = -1s}); }));
    BOOST_CHECK(invalid([&] { return locks.execute("a", [] {}, {.expire = 0s}); }));
    BOOST_CHECK(invalid([&] { return locks.execute("a", [] {}, {.grace = -1s}); }));
    BOOST_CHECK(invalid([&] { return locks.release("a", {.owner = too_long}); }));
    BOOST_CHECK(invalid([&] { return locks.release_all({.owner = ""}); }));
    BOOST_CHECK(invalid([&] { return locks.release_all({.owner = too_long}); }));
    BOOST_CHECK(invalid([&] { return locks.list({.owner = ""}); }));
    const auto held = w.now(locks.acquire("a", {.expire = 5s}));
    BOOST_CHECK(invalid([&] { return locks.extend(held, 0s); }));
    BOOST_CHECK(invalid([&] { return locks.extend(held, -1s); }));
    BOOST_CHECK_EQUAL(w.held(), 1u);
}

BOOST_AUTO_TEST_CASE(K3_forever_means_no_limit_and_never_wraps) {
    world w;
    const auto held = w.now(w.locks->acquire("a", {.owner = "me", .expire = forever}));
    BOOST_CHECK(held.expires_at() == colock::never);
    auto waiting = w.start(w.locks->acquire("a", {.wait = forever}));
    auto nearly = w.start(w.locks->acquire("a", {.wait = forever - 1ns}));
    w.advance(24h * 365 * 100);
    BOOST_CHECK(!waiting.done());
    BOOST_CHECK(!nearly.done());
    const auto renewed = w.now(w.locks->extend(held, forever - 1ns));
    BOOST_CHECK(renewed.expires_at() == colock::never);
    BOOST_CHECK(w.now(w.locks->release(held)));
    w.run();
    BOOST_CHECK(waiting.done());
    int ran = w.now(
        w.locks->execute("b", [] { return 1; }, {.timeout = forever, .wait = forever, .grace = forever}));
    BOOST_CHECK_EQUAL(ran, 1);
    BOOST_CHECK(colock::saturated_add(colock::never - 1ns, 2ns) == colock::never);
    BOOST_CHECK(colock::saturated_add(colock::time_point(5ns), -2ns) == colock::time_point(3ns));
}

BOOST_AUTO_TEST_SUITE_END()
