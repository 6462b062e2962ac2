#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(owners)

using namespace colock_test;
using colock::forever;

BOOST_AUTO_TEST_CASE(O1_an_owner_enters_again_and_it_is_the_same_hold) {
    world w;
    const auto first = w.now(w.locks->acquire("a", {.owner = "me", .expire = 10s}));
    w.advance(4s);
    const auto kept = w.now(w.locks->acquire("a", {.owner = "me"}));
    BOOST_CHECK(kept.id() == first.id());
    BOOST_CHECK_EQUAL(kept.token(), first.token());
    BOOST_CHECK(kept.expires_at() == first.expires_at());
    const auto longer = w.now(w.locks->acquire("a", {.owner = "me", .expire = 10s}));
    BOOST_CHECK(longer.expires_at() == first.expires_at() + 4s);
    const auto shorter = w.now(w.locks->acquire("a", {.owner = "me", .expire = 1s}));
    BOOST_CHECK(shorter.expires_at() == w.clock->now() + 1s);
    w.advance(1s);
    BOOST_CHECK_EQUAL(w.held(), 0u);
}

BOOST_AUTO_TEST_CASE(O1_a_cancelled_call_takes_nothing_from_another_call_of_its_owner) {
    world w;
    auto held = w.now(w.locks->lock("a"));
    auto first = w.start(w.locks->acquire("a", {.owner = "me", .wait = forever}));
    auto second = w.start(w.locks->acquire("a", {.owner = "me", .wait = forever}));
    w.inside([&] {
        held.reset(); // grants both the same hold
        first.cancel();
    });
    BOOST_CHECK(first.error() == asio::error::operation_aborted);
    BOOST_CHECK_EQUAL(w.held(), 1u);
    BOOST_CHECK(w.now(w.locks->release(second.get())));
}

BOOST_AUTO_TEST_CASE(K1_two_cancelled_calls_of_an_owner_leave_nothing) {
    world w;
    auto held = w.now(w.locks->lock("a"));
    auto one = w.start(w.locks->acquire("a", {.owner = "me", .wait = forever}));
    auto both = w.start(w.locks->acquire(colock::keys("a", "b"), {.owner = "me", .wait = forever}));
    w.inside([&] {
        held.reset();
        one.cancel();
        both.cancel();
    });
    BOOST_CHECK(one.error() == asio::error::operation_aborted);
    BOOST_CHECK(both.error() == asio::error::operation_aborted);
    BOOST_CHECK_EQUAL(w.held(), 0u);
}

BOOST_AUTO_TEST_CASE(O3_without_a_wait_a_held_key_is_refused_at_once) {
    world w;
    w.now(w.locks->acquire("a", {.owner = "you"}));
    BOOST_CHECK(fails_with(errc::already_locked, [&] { w.now(w.locks->acquire("a", {.owner = "me"})); }));
    BOOST_CHECK(!w.now(w.locks->try_acquire("a", {.owner = "me"})));
    BOOST_CHECK(!w.now(w.locks->try_lock("a")));
    BOOST_CHECK(!w.memory->try_lock("a"));
    BOOST_CHECK_EQUAL(w.now(w.locks->list()).at(0).waiters, 0u);
}

BOOST_AUTO_TEST_CASE(O3_nobody_overtakes_a_key_promised_to_a_queued_call_counts_as_held) {
    world w;
    auto b = w.now(w.locks->lock("b"));
    auto both = w.start(w.locks->lock(colock::keys("a", "b"), {.wait = forever}));
    BOOST_CHECK(fails_with(errc::already_locked, [&] { w.now(w.locks->acquire("a")); }));
    BOOST_CHECK(!w.memory->try_lock("a"));
    const auto listed = w.now(w.locks->list({.prefix = "a"}));
    BOOST_REQUIRE_EQUAL(listed.size(), 1u);
    BOOST_CHECK(listed[0].holders.empty());
    BOOST_CHECK_EQUAL(listed[0].waiters, 1u);
}

BOOST_AUTO_TEST_CASE(O4_a_grant_of_another_provider_or_service_releases_nothing) {
    world w;
    world other;
    const auto here = w.now(w.locks->acquire("a"));
    const auto there = other.now(other.locks->acquire("a"));
    BOOST_CHECK(fails_with(errc::unknown_provider, [&] { w.now(w.locks->release(there)); }));
    const auto in_memory = w.now(w.locks->acquire("a", {.provider = "in-memory"}));
    BOOST_CHECK(w.now(w.locks->release(in_memory)));
    BOOST_CHECK_EQUAL(w.held(), 1u);
    BOOST_CHECK(w.now(w.locks->release(here)));
}

BOOST_AUTO_TEST_SUITE_END()
