#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(owners)

using namespace colock_test;
using colock::forever;
using colock::lock_mode;

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

BOOST_AUTO_TEST_CASE(O1_a_lock_without_end_keeps_none_and_can_get_one) {
    world w;
    const auto first = w.now(w.locks->acquire("a", {.owner = "me"}));
    BOOST_CHECK(first.expires_at() == colock::never);
    w.now(w.locks->acquire("a", {.owner = "me", .expire = 1s}));
    w.advance(1s);
    BOOST_CHECK_EQUAL(w.held(), 0u);
}

BOOST_AUTO_TEST_CASE(O1_holds_are_not_counted) {
    world w;
    for (int i = 0; i < 3; ++i)
        w.now(w.locks->acquire("a", {.owner = "me"}));
    BOOST_CHECK(w.now(w.locks->release("a", {.owner = "me"})));
    BOOST_CHECK_EQUAL(w.held(), 0u);
    BOOST_CHECK(!w.now(w.locks->release("a", {.owner = "me"})));
}

BOOST_AUTO_TEST_CASE(O1_an_owner_enters_again_past_those_who_wait) {
    world w;
    w.now(w.locks->acquire("a", {.owner = "me"}));
    auto waiting = w.start(w.locks->acquire("a", {.owner = "you", .wait = forever}));
    w.now(w.locks->acquire("a", {.owner = "me"}));
    BOOST_CHECK(!waiting.done());
}

BOOST_AUTO_TEST_CASE(O1_after_expiry_it_is_a_new_hold) {
    world w;
    const auto first = w.now(w.locks->acquire("a", {.owner = "me", .expire = 1s}));
    w.advance(1s);
    const auto second = w.now(w.locks->acquire("a", {.owner = "me", .expire = 1s}));
    BOOST_CHECK(second.id() != first.id());
    BOOST_CHECK_GT(second.token(), first.token());
    BOOST_CHECK(!w.now(w.locks->release(first)));
    BOOST_CHECK(w.now(w.locks->release(second)));
}

BOOST_AUTO_TEST_CASE(O1_a_call_for_some_held_and_some_new_keys_makes_one_new_hold) {
    world w;
    const auto a = w.now(w.locks->acquire("a", {.owner = "me"}));
    const auto both = w.now(w.locks->acquire(colock::keys("a", "b"), {.owner = "me", .expire = 5s}));
    BOOST_CHECK_GT(both.token(), a.token());
    BOOST_CHECK(!w.now(w.locks->release(a)));
    BOOST_CHECK_EQUAL(w.held(), 2u);
    const auto again = w.now(w.locks->acquire(colock::keys("a", "b"), {.owner = "me"}));
    BOOST_CHECK(again.id() == both.id());
    BOOST_CHECK(w.now(w.locks->release(both)));
    BOOST_CHECK_EQUAL(w.held(), 0u);
}

BOOST_AUTO_TEST_CASE(O1_other_calls_of_an_owner_enter_with_it_wherever_they_queue) {
    world w;
    auto held = w.now(w.locks->lock("a"));
    auto first = w.start(w.locks->acquire("a", {.owner = "me", .wait = forever}));
    auto between = w.start(w.locks->acquire("a", {.owner = "you", .wait = forever}));
    auto second = w.start(w.locks->acquire("a", {.owner = "me", .wait = forever}));
    held.reset();
    w.run();
    BOOST_REQUIRE(first.done() && second.done());
    BOOST_CHECK(!between.done());
    BOOST_CHECK(first.get().id() == second.get().id());
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

BOOST_AUTO_TEST_CASE(O2_a_lock_of_nobody_is_never_entered_again) {
    world w;
    w.now(w.locks->acquire("a"));
    BOOST_CHECK(fails_with(errc::already_locked, [&] { w.now(w.locks->acquire("a")); }));
    BOOST_CHECK(fails_with(errc::already_locked, [&] { w.now(w.locks->acquire("a", {.owner = "me"})); }));
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

BOOST_AUTO_TEST_CASE(O4_release_by_key_is_for_the_owner_alone) {
    world w;
    w.now(w.locks->acquire("a", {.owner = "me"}));
    w.now(w.locks->acquire("b"));
    BOOST_CHECK(!w.now(w.locks->release("a")));
    BOOST_CHECK(!w.now(w.locks->release("a", {.owner = "you"})));
    BOOST_CHECK(!w.now(w.locks->release("b", {.owner = "me"})));
    BOOST_CHECK(!w.now(w.locks->release("nothing")));
    BOOST_CHECK_EQUAL(w.held(), 2u);
    BOOST_CHECK(w.now(w.locks->release("b")));
    BOOST_CHECK(w.now(w.locks->release("a", {.owner = "me"})));
}

BOOST_AUTO_TEST_CASE(O4_release_of_several_releases_what_it_may_and_tells_if_that_was_not_all) {
    world w;
    w.now(w.locks->acquire("a", {.owner = "me"}));
    w.now(w.locks->acquire("b", {.owner = "you"}));
    w.now(w.locks->acquire("c", {.owner = "me"}));
    BOOST_CHECK(!w.now(w.locks->release(colock::keys("a", "b", "c"), {.owner = "me"})));
    const auto left = w.now(w.locks->list());
    BOOST_REQUIRE_EQUAL(left.size(), 1u);
    BOOST_CHECK_EQUAL(left[0].key, "b");
}

BOOST_AUTO_TEST_CASE(O4_an_expired_lock_cannot_be_released) {
    world w;
    const auto held = w.now(w.locks->acquire("a", {.owner = "me", .expire = 1s}));
    w.advance(1s);
    BOOST_CHECK(!w.now(w.locks->release("a", {.owner = "me"})));
    BOOST_CHECK(!w.now(w.locks->release(held)));
}

BOOST_AUTO_TEST_CASE(O4_release_of_a_grant_spares_what_came_after_it) {
    world w;
    const auto first = w.now(w.locks->acquire("a"));
    BOOST_CHECK(w.now(w.locks->release(first)));
    BOOST_CHECK(!w.now(w.locks->release(first))); // twice
    const auto second = w.now(w.locks->acquire("a"));
    BOOST_CHECK(!w.now(w.locks->release(first)));
    BOOST_CHECK_EQUAL(w.held(), 1u);
    BOOST_CHECK(w.now(w.locks->release(second)));
    BOOST_CHECK(!w.now(w.locks->release(colock::grant())));
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

BOOST_AUTO_TEST_CASE(O4_of_several_readers_of_nobody_the_oldest_is_released) {
    world w;
    const auto first = w.now(w.locks->acquire("a", {.mode = lock_mode::shared}));
    const auto named = w.now(w.locks->acquire("a", {.owner = "me", .mode = lock_mode::shared}));
    const auto second = w.now(w.locks->acquire("a", {.mode = lock_mode::shared}));
    BOOST_CHECK(w.now(w.locks->release("a")));
    BOOST_CHECK(!w.now(w.locks->release(first)));
    BOOST_CHECK(w.now(w.locks->release("a", {.owner = "me"})));
    BOOST_CHECK(!w.now(w.locks->release(named)));
    BOOST_CHECK(w.now(w.locks->release(second)));
}

BOOST_AUTO_TEST_CASE(O4_an_upgrade_is_refused_even_with_a_wait) {
    world w;
    w.now(w.locks->acquire("a", {.owner = "me", .mode = lock_mode::shared}));
    BOOST_CHECK(fails_with(errc::already_locked,
                           [&] { w.now(w.locks->acquire("a", {.owner = "me", .wait = forever})); }));
    const auto stronger = w.now(w.locks->acquire("b", {.owner = "me"}));
    const auto weaker = w.now(w.locks->acquire("b", {.owner = "me", .mode = lock_mode::shared}));
    BOOST_CHECK(stronger.id() == weaker.id());
    BOOST_CHECK(!w.now(w.locks->try_acquire("b", {.mode = lock_mode::shared}))); // still exclusive
}

BOOST_AUTO_TEST_CASE(O5_release_all_of_an_owner) {
    world w;
    w.now(w.locks->acquire(colock::keys("a", "b", "c"), {.owner = "me"}));
    w.now(w.locks->acquire("d", {.owner = "me", .mode = lock_mode::shared}));
    w.now(w.locks->acquire("d", {.owner = "you", .mode = lock_mode::shared}));
    w.now(w.locks->acquire("e"));
    auto waiting = w.start(w.locks->acquire("b", {.owner = "you", .wait = forever}));
    BOOST_CHECK_EQUAL(w.now(w.locks->release_all({.owner = "me"})), 4u);
    w.run();
    BOOST_CHECK(waiting.done());
    BOOST_CHECK_EQUAL(w.now(w.locks->release_all({.owner = "me"})), 0u);
    BOOST_CHECK_EQUAL(w.held(), 3u);
}

BOOST_AUTO_TEST_CASE(O5_release_all_breaks_every_lock_and_tells_guards) {
    world w;
    w.now(w.locks->acquire(colock::keys("a", "b"), {.owner = "me"}));
    w.now(w.locks->acquire("c", {.mode = lock_mode::shared}));
    w.now(w.locks->acquire("c", {.mode = lock_mode::shared}));
    auto guard = w.now(w.locks->lock(colock::keys("d", "e")));
    auto told = w.start(guard.wait_lost());
    auto waiting = w.start(w.locks->lock("a", {.wait = forever}));
    BOOST_CHECK_EQUAL(w.now(w.locks->release_all()), 5u);
    w.run();
    BOOST_CHECK(guard.lost());
    BOOST_CHECK(told.done() && !told.failed());
    BOOST_CHECK(waiting.done()); // it came after, and stays
    BOOST_CHECK_EQUAL(w.held(), 1u);
    const auto next = w.now(w.locks->lock("d"));
    BOOST_CHECK_GT(next.token(), guard.token());
}

BOOST_AUTO_TEST_SUITE_END()
