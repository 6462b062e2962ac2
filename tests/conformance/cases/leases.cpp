#include "../scene.hpp"
#include "../suite.hpp"

#include <string>
#include <vector>

namespace colock::conformance {
namespace {

void L1_a_lock_ends_by_itself_and_leaves_nothing(scene& s) {
    const auto before = time::now();
    s.now(s.locks->acquire(keys("a", "b"), {.owner = "me", .expire = s.lease}));
    s.now(s.locks->acquire("c", {.expire = s.lease}));
    while (time::now() - before < s.lease - s.who.precision) {
        const bool free = s.is_free("a");
        if (free)
            COLOCK_CHECK(time::now() - before >= s.lease - s.who.precision);
        s.step(2ms);
    }
    s.until_empty();
    COLOCK_CHECK(s.now(s.locks->release_all()) == 0);
}

void L1_what_has_expired_can_be_taken_without_a_wait(scene& s) {
    const auto first = s.now(s.locks->acquire("a", {.owner = "me", .expire = s.unit}));
    s.until([&] { return s.now(s.locks->try_acquire("a", {.owner = "you"})).has_value(); },
            "another could take what had expired");
    COLOCK_CHECK(!s.now(s.locks->release(first)));
    COLOCK_CHECK(!s.now(s.locks->release("a", {.owner = "me"})));
    COLOCK_CHECK(s.now(s.locks->release("a", {.owner = "you"})));
}

void L1_many_locks_expire(scene& s) {
    for (int i = 0; i < 30; ++i)
        s.now(s.locks->acquire("key " + std::to_string(i), {.owner = "me", .expire = s.unit + i * 100us}));
    s.until_empty();
    COLOCK_CHECK(s.now(s.locks->release_all({.owner = "me"})) == 0);
}

void L1_an_expired_call_for_several_keys_wakes_all_who_wait(scene& s) {
    s.now(s.locks->acquire(keys("a", "b", "c"), {.expire = s.lease}));
    auto a = s.start(s.locks->lock("a", {.wait = forever}));
    auto bc = s.start(s.locks->lock(keys("b", "c"), {.wait = forever}));
    COLOCK_CHECK(s.finish(a));
    COLOCK_CHECK(s.finish(bc));
}

void L1_a_shorter_lease_given_again_wakes_who_waits(scene& s) {
    const auto held = s.now(s.locks->acquire("a", {.owner = "me", .expire = 1h}));
    auto waiting = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    s.now(s.locks->acquire("a", {.owner = "me", .expire = s.unit}));
    auto next = s.finish(waiting);
    COLOCK_CHECK(!s.now(s.locks->release(held)));
    COLOCK_CHECK(s.now(next.release()));
}

void L2_a_guard_stays_for_as_long_as_it_lives(scene& s) {
    bool stayed = false;
    for (int i = 0; i < 3 && !stayed; ++i) { // a busy machine may keep us from renewing it in time
        auto held = s.now(s.locks->lock("a", {.wait = forever, .expire = s.lease}));
        s.pass(3 * s.lease);
        stayed = !held.lost() && !s.is_free("a");
        const bool was_held = s.now(held.release());
        stayed = stayed && was_held;
    }
    COLOCK_CHECK(stayed);
    COLOCK_CHECK(s.is_free("a"));
}

void L2_a_job_keeps_its_lock_for_as_long_as_it_runs(scene& s) {
    bool stayed = false;
    for (int i = 0; i < 3 && !stayed; ++i) {
        stubborn_job job;
        auto running = s.start(s.locks->execute("a", job, {.timeout = forever, .expire = s.lease}));
        s.until([&] { return job.running(); }, "the job ran");
        s.pass(3 * s.lease);
        stayed = !s.is_free("a");
        job.end();
        stayed = !s.error_of(running) && stayed;
    }
    COLOCK_CHECK(stayed);
}

void L3_extend_moves_the_end(scene& s) {
    const auto held = s.now(s.locks->acquire(keys("a", "b"), {.owner = "me", .expire = 1h}));
    const auto longer = s.now(s.locks->extend(held, 2h));
    COLOCK_CHECK(longer.id() == held.id() && longer.token() == held.token());
    COLOCK_CHECK(longer.expires_at() - held.expires_at() > 59min);
    const auto endless = s.now(s.locks->extend(held, forever));
    COLOCK_CHECK(endless.expires_at() == never);
    COLOCK_CHECK(!s.is_free("a") && !s.is_free("b"));
    const auto shorter = s.now(s.locks->extend(held, s.unit));
    COLOCK_CHECK(held.expires_at() - shorter.expires_at() > 59min);
    s.until([&] { return s.is_free(keys("a", "b")); }, "the shortened lease had ended");
}

void L3_extend_of_what_is_lost_fails_and_changes_nothing(scene& s) {
    const auto gone = s.now(s.locks->acquire("a", {.owner = "me", .expire = 1h}));
    COLOCK_CHECK(s.now(s.locks->release(gone)));
    COLOCK_CHECK(s.error_of(s.locks->extend(gone, 1h)) == errc::lease_lost);
    s.now(s.locks->acquire("a", {.owner = "me", .expire = 2h}));
    COLOCK_CHECK(s.error_of(s.locks->extend(gone, s.unit)) == errc::lease_lost);
    COLOCK_CHECK(s.error_of(s.locks->extend(grant(), 1h)) == errc::lease_lost);
    s.pass(2 * s.unit);
    COLOCK_CHECK(!s.is_free("a"));

    const auto both = s.now(s.locks->acquire(keys("b", "c"), {.owner = "me", .expire = 1h}));
    COLOCK_CHECK(s.now(s.locks->release("c", {.owner = "me"})));
    COLOCK_CHECK(s.error_of(s.locks->extend(both, s.unit)) == errc::lease_lost);
    s.pass(2 * s.unit);
    COLOCK_CHECK(!s.is_free("b"));
    COLOCK_CHECK(s.is_free("c"));

    const auto expired = s.now(s.locks->acquire("d", {.expire = s.unit}));
    s.until([&] { return s.is_free("d"); }, "the lock had expired");
    COLOCK_CHECK(s.error_of(s.locks->extend(expired, 1h)) == errc::lease_lost);
}

void L3_a_guard_tells_that_it_was_lost(scene& s) {
    auto held = s.now(s.locks->lock(keys("a", "b")));
    auto first = s.start(held.wait_lost());
    auto second = s.start(held.wait_lost());
    auto moved = std::move(held); // while they wait
    s.step();
    COLOCK_CHECK(!moved.lost());
    COLOCK_CHECK(!first.done() && !second.done());
    s.now(s.locks->release_all());
    COLOCK_CHECK(!s.error_of(first) && !s.error_of(second));
    COLOCK_CHECK(moved.lost());
    COLOCK_CHECK(!s.error_of(moved.wait_lost())); // at once
    COLOCK_CHECK(!s.now(moved.release()));
    COLOCK_CHECK(!moved);
}

void L3_a_wait_for_loss_ends_with_the_guard_or_by_cancellation(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    auto cancelled = s.start(held.wait_lost());
    cancelled.cancel();
    COLOCK_CHECK(s.error_of(cancelled) == asio::error::operation_aborted);
    auto waiting = s.start(held.wait_lost());
    held.reset();
    COLOCK_CHECK(s.error_of(waiting) == asio::error::operation_aborted);
    COLOCK_CHECK(s.error_of(held.wait_lost()) == asio::error::operation_aborted);
}

void L3_a_lost_lock_cancels_the_job(scene& s) {
    bool saw_it = false;
    const auto job = [&](lease& mine) -> asio::awaitable<void> {
        try {
            co_await endless();
        } catch (const boost::system::system_error&) {
            saw_it = mine.lost();
            throw;
        }
    };
    auto running = s.start(s.locks->execute("a", job, {.timeout = forever}));
    s.until([&] { return !s.is_free("a"); }, "the lock was taken");
    COLOCK_CHECK(s.now(s.locks->release_all()) == 1);
    COLOCK_CHECK(s.error_of(running) == errc::lease_lost);
    COLOCK_CHECK(saw_it);
    COLOCK_CHECK(s.is_free("a"));
}

} // namespace

std::span<const test_case> lease_cases() {
    static constexpr test_case all[] = {
        COLOCK_CASE(L1_a_lock_ends_by_itself_and_leaves_nothing, feature::expiry, feature::owners,
                    feature::listing),
        COLOCK_CASE(L1_what_has_expired_can_be_taken_without_a_wait, feature::expiry, feature::owners),
        COLOCK_CASE(L1_many_locks_expire, feature::expiry, feature::owners, feature::listing),
        COLOCK_CASE(L1_an_expired_call_for_several_keys_wakes_all_who_wait, feature::expiry,
                    feature::waiting),
        COLOCK_CASE(L1_a_shorter_lease_given_again_wakes_who_waits, feature::expiry, feature::owners,
                    feature::waiting, feature::listing),
        COLOCK_CASE(L2_a_guard_stays_for_as_long_as_it_lives),
        COLOCK_CASE(L2_a_job_keeps_its_lock_for_as_long_as_it_runs),
        COLOCK_CASE(L3_extend_moves_the_end, feature::expiry, feature::owners),
        COLOCK_CASE(L3_extend_of_what_is_lost_fails_and_changes_nothing, feature::expiry, feature::owners),
        COLOCK_CASE(L3_a_guard_tells_that_it_was_lost, feature::notices),
        COLOCK_CASE(L3_a_wait_for_loss_ends_with_the_guard_or_by_cancellation),
        COLOCK_CASE(L3_a_lost_lock_cancels_the_job, feature::notices),
    };
    return all;
}

} // namespace colock::conformance
