#include "../scene.hpp"
#include "../suite.hpp"

#include <string>

namespace colock::conformance {
namespace {

void O4_release_by_key_is_for_the_owner_alone(scene& s) {
    s.now(s.locks->acquire("a", {.owner = "me"}));
    s.now(s.locks->acquire("b"));
    COLOCK_CHECK(!s.now(s.locks->release("a")));
    COLOCK_CHECK(!s.now(s.locks->release("a", {.owner = "you"})));
    COLOCK_CHECK(!s.now(s.locks->release("b", {.owner = "me"})));
    COLOCK_CHECK(!s.now(s.locks->release("nothing")));
    COLOCK_CHECK(!s.now(s.locks->release("nothing", {.owner = "me"})));
    COLOCK_CHECK(!s.is_free("a") && !s.is_free("b"));
    COLOCK_CHECK(s.now(s.locks->release("b")));
    COLOCK_CHECK(s.now(s.locks->release("a", {.owner = "me"})));
    COLOCK_CHECK(s.is_free(keys("a", "b")));
}

void O4_release_of_several_releases_what_it_may_and_tells_if_that_was_not_all(scene& s) {
    s.now(s.locks->acquire("a", {.owner = "me"}));
    s.now(s.locks->acquire("b", {.owner = "you"}));
    s.now(s.locks->acquire("c", {.owner = "me"}));
    COLOCK_CHECK(!s.now(s.locks->release(keys("a", "b", "c"), {.owner = "me"})));
    COLOCK_CHECK(s.is_free(keys("a", "c")));
    COLOCK_CHECK(!s.is_free("b"));
}

void O4_part_of_a_hold_can_be_released(scene& s) {
    const auto held = s.now(s.locks->acquire(keys("a", "b", "c"), {.owner = "me"}));
    COLOCK_CHECK(s.now(s.locks->release("b", {.owner = "me"})));
    COLOCK_CHECK(s.is_free("b"));
    COLOCK_CHECK(!s.is_free("a") && !s.is_free("c"));
    COLOCK_CHECK(!s.now(s.locks->release(held))); // not all, but the rest
    COLOCK_CHECK(s.is_free(keys("a", "b", "c")));
}

void O4_an_expired_lock_cannot_be_released(scene& s) {
    const auto held = s.now(s.locks->acquire("a", {.owner = "me", .expire = s.unit}));
    s.pass(s.unit + s.who.precision + s.who.slack);
    COLOCK_CHECK(!s.now(s.locks->release("a", {.owner = "me"})));
    COLOCK_CHECK(!s.now(s.locks->release(held)));
}

void O4_release_of_a_grant_spares_what_came_after_it(scene& s) {
    const auto first = s.now(s.locks->acquire("a"));
    COLOCK_CHECK(s.now(s.locks->release(first)));
    COLOCK_CHECK(!s.now(s.locks->release(first))); // twice
    const auto second = s.now(s.locks->acquire("a"));
    COLOCK_CHECK(!s.now(s.locks->release(first)));
    COLOCK_CHECK(!s.is_free("a"));
    COLOCK_CHECK(s.now(s.locks->release(second)));
    COLOCK_CHECK(!s.now(s.locks->release(grant())));
}

void O4_release_of_an_owners_old_grant_spares_its_new_one(scene& s) {
    const auto first = s.now(s.locks->acquire("a", {.owner = "me"}));
    COLOCK_CHECK(s.now(s.locks->release("a", {.owner = "me"})));
    const auto second = s.now(s.locks->acquire("a", {.owner = "me"}));
    COLOCK_CHECK(!s.now(s.locks->release(first)));
    COLOCK_CHECK(!s.is_free("a"));
    COLOCK_CHECK(s.now(s.locks->release(second)));
}

void O4_nobody_else_can_release_what_a_guard_holds(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    COLOCK_CHECK(!s.now(s.locks->release("a")));
    COLOCK_CHECK(!s.now(s.locks->release(held.grant())));
    COLOCK_CHECK(!s.is_free("a"));
    COLOCK_CHECK(s.now(held.release()));
}

void O4_a_guard_releases_when_it_goes(scene& s) {
    {
        const auto held = s.now(s.locks->lock(keys("a", "b")));
        COLOCK_CHECK(held.grant().keys() == keys("a", "b"));
        COLOCK_CHECK(held.grant().token() == held.token());
        COLOCK_CHECK(!s.is_free("a"));
    }
    s.until([&] { return s.is_free(keys("a", "b")); }, "the guard's keys were free");
    auto one = s.now(s.locks->lock("a"));
    auto two = s.now(s.locks->lock("b"));
    one = std::move(two);
    s.until([&] { return s.is_free("a"); }, "the key of the overwritten guard was free");
    COLOCK_CHECK(!s.is_free("b"));
    COLOCK_CHECK(s.now(one.release()));
    COLOCK_CHECK(!s.now(one.release()));
    COLOCK_CHECK(s.is_free("b"));
}

void O4_a_dropped_result_releases(scene& s) {
    { const auto never_awaited = s.locks->lock("a"); }
    COLOCK_CHECK(s.is_free("a"));
    auto dropped = s.start(s.locks->lock("a"));
    s.until([&] { return dropped.done(); }, "the call ended");
    dropped = {};
    s.until([&] { return s.is_free("a"); }, "the dropped guard's key was free");
}

void O5_release_all_of_an_owner(scene& s) {
    s.now(s.locks->acquire(keys("a", "b", "c"), {.owner = "me"}));
    s.now(s.locks->acquire("d", {.owner = "me"}));
    s.now(s.locks->acquire("e", {.owner = "you"}));
    s.now(s.locks->acquire("f"));
    const auto guard = s.now(s.locks->lock("g"));
    COLOCK_CHECK(s.now(s.locks->release_all({.owner = "nobody known"})) == 0);
    COLOCK_CHECK(s.now(s.locks->release_all({.owner = "me"})) == 4);
    COLOCK_CHECK(s.now(s.locks->release_all({.owner = "me"})) == 0);
    COLOCK_CHECK(s.is_free(keys("a", "b", "c", "d")));
    COLOCK_CHECK(!s.is_free("e") && !s.is_free("f") && !s.is_free("g"));
}

void O5_release_all_knows_what_has_been_released_or_expired(scene& s) {
    s.now(s.locks->acquire(keys("a", "b"), {.owner = "me"}));
    s.now(s.locks->acquire("c", {.owner = "me", .expire = s.unit}));
    s.now(s.locks->acquire("d", {.owner = "me", .expire = 1h}));
    COLOCK_CHECK(s.now(s.locks->release("b", {.owner = "me"})));
    s.now(s.locks->acquire("b", {.owner = "you"}));
    s.until([&] { return s.is_free("c"); }, "the lock had expired");
    COLOCK_CHECK(s.now(s.locks->release_all({.owner = "me"})) == 2);
    COLOCK_CHECK(!s.is_free("b"));
    COLOCK_CHECK(s.is_free(keys("a", "c", "d")));
}

void O5_release_all_wakes_who_waits(scene& s) {
    s.now(s.locks->acquire("a", {.owner = "me"}));
    auto waiting = s.queue(s.locks->acquire("a", {.owner = "you", .wait = forever}), "a");
    COLOCK_CHECK(s.now(s.locks->release_all({.owner = "me"})) == 1);
    COLOCK_CHECK(s.finish(waiting).owner() == "you");
    auto next = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    COLOCK_CHECK(s.now(s.locks->release_all()) == 1);
    auto held = s.finish(next); // it came after, and stays
    COLOCK_CHECK(!s.is_free("a"));
    COLOCK_CHECK(s.now(held.release()));
}

void O5_release_all_breaks_every_lock(scene& s) {
    s.now(s.locks->acquire(keys("a", "b")));
    auto guard = s.now(s.locks->lock(keys("d", "e")));
    COLOCK_CHECK(s.now(s.locks->release_all()) == 4);
    COLOCK_CHECK(s.is_free(keys("a", "b", "d", "e")));
    const auto next = s.now(s.locks->lock("d"));
    COLOCK_CHECK(next.token() > guard.token());
    COLOCK_CHECK(!s.now(guard.release()));
    COLOCK_CHECK(!s.is_free("d")); // what the old guard did touched nothing of the new one's
}

} // namespace

std::span<const test_case> release_cases() {
    static constexpr test_case all[] = {
        COLOCK_CASE(O4_release_by_key_is_for_the_owner_alone, feature::owners),
        COLOCK_CASE(O4_release_of_several_releases_what_it_may_and_tells_if_that_was_not_all,
                    feature::owners),
        COLOCK_CASE(O4_part_of_a_hold_can_be_released, feature::owners),
        COLOCK_CASE(O4_an_expired_lock_cannot_be_released, feature::owners, feature::expiry),
        COLOCK_CASE(O4_release_of_a_grant_spares_what_came_after_it),
        COLOCK_CASE(O4_release_of_an_owners_old_grant_spares_its_new_one, feature::owners),
        COLOCK_CASE(O4_nobody_else_can_release_what_a_guard_holds),
        COLOCK_CASE(O4_a_guard_releases_when_it_goes),
        COLOCK_CASE(O4_a_dropped_result_releases),
        COLOCK_CASE(O5_release_all_of_an_owner, feature::owners),
        COLOCK_CASE(O5_release_all_knows_what_has_been_released_or_expired, feature::owners, feature::expiry),
        COLOCK_CASE(O5_release_all_wakes_who_waits, feature::owners, feature::waiting, feature::listing),
        COLOCK_CASE(O5_release_all_breaks_every_lock),
    };
    return all;
}

} // namespace colock::conformance
