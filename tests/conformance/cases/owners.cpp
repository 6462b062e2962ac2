#include "../scene.hpp"
#include "../suite.hpp"

namespace colock::conformance {
namespace {

duration difference(time_point a, time_point b) {
    return a < b ? b - a : a - b;
}

void O1_an_owner_enters_again_and_it_is_the_same_hold(scene& s) {
    const auto first = s.now(s.locks->acquire("a", {.owner = "me", .expire = 1h}));
    const auto kept = s.now(s.locks->acquire("a", {.owner = "me"}));
    COLOCK_CHECK(kept.id() == first.id());
    COLOCK_CHECK(kept.token() == first.token());
    COLOCK_CHECK(difference(kept.expires_at(), first.expires_at()) < 1min);
    const auto longer = s.now(s.locks->acquire("a", {.owner = "me", .expire = 2h}));
    COLOCK_CHECK(longer.id() == first.id());
    COLOCK_CHECK(longer.expires_at() - first.expires_at() > 59min);
    const auto shorter = s.now(s.locks->acquire("a", {.owner = "me", .expire = s.unit}));
    COLOCK_CHECK(first.expires_at() - shorter.expires_at() > 59min);
    s.until_empty(); // by itself
}

void O1_a_lock_without_end_keeps_none_and_can_get_one(scene& s) {
    const auto first = s.now(s.locks->acquire("a", {.owner = "me"}));
    COLOCK_CHECK(first.expires_at() == never);
    const auto second = s.now(s.locks->acquire("a", {.owner = "me"}));
    COLOCK_CHECK(second.expires_at() == never);
    s.now(s.locks->acquire("a", {.owner = "me", .expire = s.unit}));
    s.until_empty();
}

void O1_holds_are_not_counted(scene& s) {
    for (int i = 0; i < 3; ++i)
        s.now(s.locks->acquire("a", {.owner = "me"}));
    COLOCK_CHECK(s.now(s.locks->release("a", {.owner = "me"})));
    COLOCK_CHECK(s.is_free("a"));
    COLOCK_CHECK(!s.now(s.locks->release("a", {.owner = "me"})));
}

void O1_an_owner_enters_again_past_those_who_wait(scene& s) {
    s.now(s.locks->acquire("a", {.owner = "me"}));
    auto waiting = s.queue(s.locks->acquire("a", {.owner = "you", .wait = forever}), "a");
    s.now(s.locks->acquire("a", {.owner = "me"}));
    COLOCK_CHECK(s.waiters("a") == 1);
    COLOCK_CHECK(s.now(s.locks->release("a", {.owner = "me"})));
    COLOCK_CHECK(s.finish(waiting).owner() == "you");
}

void O1_after_expiry_it_is_a_new_hold(scene& s) {
    const auto first = s.now(s.locks->acquire("a", {.owner = "me", .expire = s.unit}));
    s.until([&] { return s.listed() == 0; }, "the lock had expired");
    const auto second = s.now(s.locks->acquire("a", {.owner = "me", .expire = 1h}));
    COLOCK_CHECK(second.id() != first.id());
    COLOCK_CHECK(second.token() > first.token());
    COLOCK_CHECK(!s.now(s.locks->release(first)));
    COLOCK_CHECK(s.now(s.locks->release(second)));
}

void O1_a_call_for_some_held_and_some_new_keys_makes_one_new_hold(scene& s) {
    const auto a = s.now(s.locks->acquire("a", {.owner = "me"}));
    const auto both = s.now(s.locks->acquire(keys("a", "b"), {.owner = "me", .expire = 1h}));
    COLOCK_CHECK(both.token() > a.token());
    COLOCK_CHECK(both.id() != a.id());
    COLOCK_CHECK(!s.now(s.locks->release(a)));
    COLOCK_CHECK(!s.is_free("a") && !s.is_free("b"));
    const auto again = s.now(s.locks->acquire(keys("a", "b"), {.owner = "me"}));
    COLOCK_CHECK(again.id() == both.id());
    const auto part = s.now(s.locks->acquire("b", {.owner = "me"}));
    COLOCK_CHECK(part.id() == both.id());
    COLOCK_CHECK(s.now(s.locks->release(both)));
    COLOCK_CHECK(s.is_free(keys("a", "b")));
}

void O1_other_calls_of_an_owner_enter_with_it_wherever_they_queue(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    auto first = s.queue(s.locks->acquire("a", {.owner = "me", .wait = forever}), "a");
    auto between = s.queue(s.locks->acquire("a", {.owner = "you", .wait = forever}), "a");
    auto second = s.queue(s.locks->acquire("a", {.owner = "me", .wait = forever}), "a");
    COLOCK_CHECK(s.now(held.release()));
    const auto one = s.finish(first);
    const auto two = s.finish(second);
    COLOCK_CHECK(one.id() == two.id());
    COLOCK_CHECK(!between.done());
    COLOCK_CHECK(s.now(s.locks->release(one)));
    COLOCK_CHECK(s.finish(between).owner() == "you");
}

void O1_a_cancelled_call_takes_nothing_from_another_call_of_its_owner(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    auto first = s.queue(s.locks->acquire("a", {.owner = "me", .wait = forever}), "a");
    auto second = s.queue(s.locks->acquire("a", {.owner = "me", .wait = forever}), "a");
    first.cancel();
    COLOCK_CHECK(s.error_of(first) == asio::error::operation_aborted);
    COLOCK_CHECK(s.now(held.release()));
    COLOCK_CHECK(s.now(s.locks->release(s.finish(second))));
    s.until_empty();
}

void O2_a_lock_of_nobody_is_never_entered_again(scene& s) {
    const auto held = s.now(s.locks->acquire("a"));
    COLOCK_CHECK(s.error_of(s.locks->acquire("a")) == errc::already_locked);
    COLOCK_CHECK(s.error_of(s.locks->lock("a", {.wait = 0s})) == errc::already_locked);
    COLOCK_CHECK(s.now(s.locks->release(held)));
    COLOCK_CHECK(s.is_free("a"));
}

void O2_owners_and_nobody_are_different(scene& s) {
    s.now(s.locks->acquire("a"));
    COLOCK_CHECK(s.error_of(s.locks->acquire("a", {.owner = "me"})) == errc::already_locked);
    s.now(s.locks->acquire("b", {.owner = "me"}));
    COLOCK_CHECK(s.error_of(s.locks->acquire("b")) == errc::already_locked);
}

void O3_without_a_wait_a_held_key_is_refused_at_once(scene& s) {
    const auto held = s.now(s.locks->acquire("a"));
    COLOCK_CHECK(!s.now(s.locks->try_acquire("a")));
    COLOCK_CHECK(!s.now(s.locks->try_lock("a")));
    const auto job = [] {};
    COLOCK_CHECK(s.error_of(s.locks->execute("a", job, {.wait = 0s})) == errc::already_locked);
    try {
        s.now(s.locks->acquire("a"));
        s.note(false, "acquired what another held", __FILE__, __LINE__);
    } catch (const lock_error& e) {
        COLOCK_CHECK(e.code() == errc::already_locked);
        COLOCK_CHECK(e.keys() == key_set("a"));
    }
    COLOCK_CHECK(s.now(s.locks->release(held)));
}

void O3_a_refused_call_leaves_no_place_in_the_queue(scene& s) {
    s.now(s.locks->acquire("a", {.owner = "you"}));
    COLOCK_CHECK(s.error_of(s.locks->acquire(keys("a", "b"), {.owner = "me"})) == errc::already_locked);
    COLOCK_CHECK(s.waiters("a") == 0);
    COLOCK_CHECK(s.listed() == 1);
}

void O3_a_key_promised_to_a_queued_call_counts_as_held(scene& s) {
    auto b = s.now(s.locks->lock("b"));
    auto both = s.queue(s.locks->lock(keys("a", "b"), {.wait = forever}), "b");
    COLOCK_CHECK(s.error_of(s.locks->acquire("a")) == errc::already_locked);
    const auto a = s.info("a");
    COLOCK_CHECK(a && a->holders.empty() && a->waiters == 1);
    COLOCK_CHECK(s.now(b.release()));
    COLOCK_CHECK(s.finish(both));
}

} // namespace

std::span<const test_case> owner_cases() {
    static constexpr test_case all[] = {
        COLOCK_CASE(O1_an_owner_enters_again_and_it_is_the_same_hold, feature::owners, feature::expiry,
                    feature::listing),
        COLOCK_CASE(O1_a_lock_without_end_keeps_none_and_can_get_one, feature::owners, feature::expiry,
                    feature::listing),
        COLOCK_CASE(O1_holds_are_not_counted, feature::owners),
        COLOCK_CASE(O1_an_owner_enters_again_past_those_who_wait, feature::owners, feature::waiting,
                    feature::listing),
        COLOCK_CASE(O1_after_expiry_it_is_a_new_hold, feature::owners, feature::expiry, feature::listing),
        COLOCK_CASE(O1_a_call_for_some_held_and_some_new_keys_makes_one_new_hold, feature::owners,
                    feature::expiry),
        COLOCK_CASE(O1_other_calls_of_an_owner_enter_with_it_wherever_they_queue, feature::owners,
                    feature::waiting, feature::listing),
        COLOCK_CASE(O1_a_cancelled_call_takes_nothing_from_another_call_of_its_owner, feature::owners,
                    feature::waiting, feature::listing),
        COLOCK_CASE(O2_a_lock_of_nobody_is_never_entered_again),
        COLOCK_CASE(O2_owners_and_nobody_are_different, feature::owners),
        COLOCK_CASE(O3_without_a_wait_a_held_key_is_refused_at_once),
        COLOCK_CASE(O3_a_refused_call_leaves_no_place_in_the_queue, feature::owners, feature::listing),
        COLOCK_CASE(O3_a_key_promised_to_a_queued_call_counts_as_held, feature::waiting, feature::listing),
    };
    return all;
}

} // namespace colock::conformance
