// Several providers that share their locks, as several processes have them.
#include "../scene.hpp"
#include "../suite.hpp"

#include <boost/asio/deferred.hpp>

#include <vector>

namespace colock::conformance {
namespace {

void K4_instances_that_take_overlapping_keys_never_deadlock(scene& s) {
    const auto other = s.another();
    int inside = 0;
    bool alone = true;
    const auto worker = [&](locking_service& locks, const key_set keys) -> asio::awaitable<void> {
        for (int i = 0; i < 5; ++i) {
            auto held = co_await locks.lock(keys, {.wait = forever});
            alone = alone && ++inside == 1;
            co_await asio::post(asio::deferred);
            --inside;
            co_await held.release();
        }
    };
    std::vector<started<void>> all;
    for (int i = 0; i < 3; ++i)
        for (auto* locks : {&*s.locks, other.get()}) {
            all.push_back(s.start(worker(*locks, keys("a", "b", "c"))));
            all.push_back(s.start(worker(*locks, keys("d", "b"))));
        }
    for (auto& each : all)
        s.finish(each);
    COLOCK_CHECK(alone);
}

void O1_an_owner_is_the_same_on_all_instances(scene& s) {
    const auto other = s.another();
    const auto here = s.now(s.locks->acquire("a", {.owner = "me", .expire = 1h}));
    const auto there = s.now(other->acquire("a", {.owner = "me"}));
    COLOCK_CHECK(here.id() == there.id() && here.token() == there.token());
    COLOCK_CHECK(s.error_of(other->acquire("a", {.owner = "you"})) == errc::already_locked);
    COLOCK_CHECK(s.now(other->release("a", {.owner = "me"})));
    COLOCK_CHECK(!s.now(s.locks->release(here)));
    s.now(s.locks->acquire(keys("a", "b"), {.owner = "me"}));
    COLOCK_CHECK(s.now(other->release_all({.owner = "me"})) == 2);
}

void O3_instances_exclude_each_other(scene& s) {
    const auto other = s.another();
    auto here = s.now(s.locks->lock("a"));
    COLOCK_CHECK(!s.now(other->try_lock("a")));
    COLOCK_CHECK(s.error_of(other->lock("a", {.wait = s.unit})) == errc::timed_out);
    COLOCK_CHECK(!s.now(other->release("a")));
    COLOCK_CHECK(s.now(here.release()));
    auto there = s.now(other->try_lock("a"));
    COLOCK_CHECK(there && there->token() > here.token());
    COLOCK_CHECK(!s.is_free("a"));
}

void O5_release_all_tells_guards_and_jobs_of_other_instances(scene& s) {
    const auto other = s.another();
    auto there = s.now(other->lock("a"));
    auto told = s.start(there.wait_lost());
    const auto job = [] { return endless(); };
    auto running = s.start(other->execute("b", job, {.timeout = forever}));
    s.until([&] { return !s.is_free("b"); }, "the job's lock was taken");
    COLOCK_CHECK(s.now(s.locks->release_all()) == 2);
    COLOCK_CHECK(!s.error_of(told));
    COLOCK_CHECK(there.lost());
    COLOCK_CHECK(s.error_of(running) == errc::lease_lost);
    COLOCK_CHECK(s.is_free(keys("a", "b")));
}

void W1_first_come_first_served_over_all_instances(scene& s) {
    const auto other = s.another();
    const auto third = s.another();
    auto held = s.now(s.locks->lock("a"));
    std::vector<int> order;
    const auto visit = [&](locking_service& locks, int who) -> asio::awaitable<void> {
        auto mine = co_await locks.lock("a", {.wait = forever});
        order.push_back(who);
        co_await mine.release();
    };
    std::vector<started<void>> all;
    std::vector<int> expected;
    locking_service* const services[] = {&*s.locks, other.get(), third.get()};
    for (int i = 0; i < 12; ++i) {
        all.push_back(s.queue(visit(*services[i * i % 3], i), "a"));
        expected.push_back(i);
    }
    COLOCK_CHECK(s.now(held.release()));
    for (auto& each : all)
        s.finish(each);
    COLOCK_CHECK(order == expected);
}

/// How long a call waits from when `change` begins, which lets it in.
template<class T>
duration hand_over(scene& s, started<guard>& waiting, asio::awaitable<T> change) {
    s.pass(s.unit);
    const auto before = time::now();
    auto changing = s.start(std::move(change));
    auto next = s.finish(waiting);
    const auto took = time::now() - before;
    s.finish(changing);
    s.now(next.release());
    return took;
}

void W2_a_release_wakes_a_waiter_of_another_instance_at_once(scene& s) {
    const auto other = s.another();
    const auto took = [&]() -> duration {
        auto held = s.now(s.locks->lock("a"));
        auto waiting = s.queue(other->lock("a", {.wait = forever}), "a");
        return hand_over(s, waiting, held.release());
    };
    COLOCK_CHECK(often_within(s.who.slack, took));
}

void W2_release_all_wakes_a_waiter_of_another_instance_at_once(scene& s) {
    const auto other = s.another();
    for (const bool owned : {true, false}) {
        const auto took = [&]() -> duration {
            s.now(s.locks->acquire("a", {.owner = "me"}));
            auto waiting = s.queue(other->lock("a", {.wait = forever}), "a");
            return hand_over(s, waiting,
                             owned ? s.locks->release_all({.owner = "me"}) : s.locks->release_all());
        };
        COLOCK_CHECK(often_within(s.who.slack, took));
    }
}

void W2_who_leaves_a_queue_lets_readers_of_another_instance_in_at_once(scene& s) {
    const auto other = s.another();
    const auto took = [&]() -> duration {
        auto reader = s.now(s.locks->lock("a", {.mode = lock_mode::shared}));
        auto writer = s.queue(s.locks->lock("a", {.wait = forever}), "a");
        auto waiting = s.queue(other->lock("a", {.wait = forever, .mode = lock_mode::shared}), "a");
        const auto leave = [&]() -> asio::awaitable<void> {
            writer.cancel();
            co_return;
        };
        const auto span = hand_over(s, waiting, leave());
        COLOCK_CHECK(s.error_of(writer) == asio::error::operation_aborted);
        COLOCK_CHECK(s.now(reader.release()));
        return span;
    };
    COLOCK_CHECK(often_within(s.who.slack, took));
}

// Those behind it are not woken with it, as it might have to wait for its other key.
void W2_a_reader_of_several_keys_lets_readers_behind_it_in_at_once(scene& s) {
    const auto other = s.another();
    const auto took = [&]() -> duration {
        auto held = s.now(s.locks->lock("a"));
        auto both = s.queue(s.locks->lock(keys("a", "b"), {.wait = forever, .mode = lock_mode::shared}), "a");
        auto waiting = s.queue(other->lock("a", {.wait = forever, .mode = lock_mode::shared}), "a");
        const auto span = hand_over(s, waiting, held.release());
        auto reader = s.finish(both);
        COLOCK_CHECK(s.now(reader.release()));
        return span;
    };
    COLOCK_CHECK(often_within(s.who.slack, took));
}

void W1_readers_of_all_instances_share(scene& s) {
    const auto other = s.another();
    auto here = s.now(s.locks->lock("a", {.mode = lock_mode::shared}));
    auto there = s.now(other->lock("a", {.mode = lock_mode::shared}));
    auto writer = s.queue(other->lock("a", {.wait = forever}), "a");
    COLOCK_CHECK(!s.now(s.locks->try_lock("a", {.mode = lock_mode::shared})));
    COLOCK_CHECK(s.now(here.release()));
    COLOCK_CHECK(s.waiters("a") == 1);
    COLOCK_CHECK(s.now(there.release()));
    COLOCK_CHECK(s.finish(writer));
}

void L1_an_instance_that_is_gone_leaves_its_grants_and_no_waiters(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    auto other = s.another();
    s.now(other->acquire("b", {.owner = "me", .expire = 1h}));
    auto waiting = s.queue(other->lock("a", {.wait = forever}), "a");
    other.reset();
    COLOCK_CHECK(s.error_of(waiting) == errc::closed);
    s.until([&] { return s.waiters("a") == 0; }, "its waiter had left the queue");
    COLOCK_CHECK(!s.is_free("b"));
    COLOCK_CHECK(s.now(s.locks->release("b", {.owner = "me"})));
}

void T1_tokens_grow_over_all_instances(scene& s) {
    const auto other = s.another();
    std::uint64_t last = 0;
    for (int i = 0; i < 10; ++i)
        for (auto* locks : {&*s.locks, other.get()}) {
            auto held = s.now(locks->lock(i % 2 ? "a" : "b"));
            COLOCK_CHECK(held.token() > last);
            last = held.token();
            s.now(held.release());
        }
}

void Z1_close_of_one_instance_leaves_the_others_alone(scene& s) {
    auto other = s.another();
    auto here = s.now(s.locks->lock("a"));
    auto there = s.now(other->lock("b"));
    auto waiting = s.queue(s.locks->lock("b", {.wait = forever}), "b");
    s.now(other->close());
    COLOCK_CHECK(there.lost());
    auto next = s.finish(waiting); // the closed one's guard gave it back
    COLOCK_CHECK(!here.lost());
    COLOCK_CHECK(s.now(here.release()));
    COLOCK_CHECK(s.now(next.release()));
}

} // namespace

std::span<const test_case> instance_cases() {
    static constexpr test_case all[] = {
        COLOCK_CASE(K4_instances_that_take_overlapping_keys_never_deadlock, feature::many_instances,
                    feature::waiting),
        COLOCK_CASE(O1_an_owner_is_the_same_on_all_instances, feature::many_instances, feature::owners,
                    feature::expiry),
        COLOCK_CASE(O3_instances_exclude_each_other, feature::many_instances, feature::waiting),
        COLOCK_CASE(O5_release_all_tells_guards_and_jobs_of_other_instances, feature::many_instances,
                    feature::notices),
        COLOCK_CASE(W1_first_come_first_served_over_all_instances, feature::many_instances, feature::waiting,
                    feature::listing),
        COLOCK_CASE(W2_a_release_wakes_a_waiter_of_another_instance_at_once, feature::many_instances,
                    feature::waiting, feature::listing),
        COLOCK_CASE(W2_release_all_wakes_a_waiter_of_another_instance_at_once, feature::many_instances,
                    feature::waiting, feature::listing, feature::owners),
        COLOCK_CASE(W2_who_leaves_a_queue_lets_readers_of_another_instance_in_at_once,
                    feature::many_instances, feature::waiting, feature::listing, feature::shared),
        COLOCK_CASE(W2_a_reader_of_several_keys_lets_readers_behind_it_in_at_once, feature::many_instances,
                    feature::waiting, feature::listing, feature::shared),
        COLOCK_CASE(W1_readers_of_all_instances_share, feature::many_instances, feature::shared,
                    feature::waiting, feature::listing),
        COLOCK_CASE(L1_an_instance_that_is_gone_leaves_its_grants_and_no_waiters, feature::many_instances,
                    feature::owners, feature::waiting, feature::expiry, feature::listing),
        COLOCK_CASE(T1_tokens_grow_over_all_instances, feature::many_instances),
        COLOCK_CASE(Z1_close_of_one_instance_leaves_the_others_alone, feature::many_instances,
                    feature::waiting, feature::listing),
    };
    return all;
}

} // namespace colock::conformance
