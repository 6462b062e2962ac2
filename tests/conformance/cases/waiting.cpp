#include "../scene.hpp"
#include "../suite.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <thread>
#include <vector>

namespace colock::conformance {
namespace {

void W1_first_come_first_served(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    std::vector<int> order;
    const auto visit = [&](int who) -> asio::awaitable<void> {
        auto mine = co_await s.locks->lock("a", {.wait = forever});
        order.push_back(who);
        co_await mine.release();
    };
    std::vector<started<void>> all;
    std::vector<int> expected;
    for (int i = 0; i < 12; ++i) {
        all.push_back(s.queue(visit(i), "a"));
        expected.push_back(i);
    }
    COLOCK_CHECK(s.now(held.release()));
    for (auto& each : all)
        s.finish(each);
    COLOCK_CHECK(order == expected);
}

void W1_calls_for_several_keys_keep_their_place(scene& s) {
    auto held = s.now(s.locks->lock("b"));
    auto first = s.queue(s.locks->lock(keys("a", "b"), {.wait = forever}), "b");
    auto second = s.queue(s.locks->lock(keys("b", "c"), {.wait = forever}), "b");
    auto third = s.queue(s.locks->lock(keys("a", "c"), {.wait = forever}), "c");
    COLOCK_CHECK(s.now(held.release()));
    auto one = s.finish(first);
    COLOCK_CHECK(s.listed() == 3);
    COLOCK_CHECK(!second.done() && !third.done());
    COLOCK_CHECK(s.now(one.release()));
    auto two = s.finish(second);
    COLOCK_CHECK(s.waiters("c") == 1);
    COLOCK_CHECK(!third.done());
    COLOCK_CHECK(s.now(two.release()));
    COLOCK_CHECK(s.finish(third));
}

void W2_a_release_wakes_exactly_the_next(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    auto first = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    auto second = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    COLOCK_CHECK(s.now(held.release()));
    auto next = s.finish(first);
    const auto info = s.info("a");
    COLOCK_CHECK(info && info->holders.size() == 1 && info->waiters == 1);
    COLOCK_CHECK(!second.done());
    COLOCK_CHECK(s.now(next.release()));
    COLOCK_CHECK(s.finish(second));
}

void W2_a_release_wakes_the_next_at_once(scene& s) {
    const auto hand_over = [&]() -> duration {
        auto held = s.now(s.locks->lock("a"));
        auto waiting = s.queue(s.locks->lock("a", {.wait = forever}), "a");
        s.pass(s.unit); // a poller's pauses have become longer
        const auto before = time::now();
        auto releasing = s.start(held.release());
        auto next = s.finish(waiting);
        const auto took = time::now() - before;
        s.finish(releasing);
        s.now(next.release());
        return took;
    };
    COLOCK_CHECK(often_within(s.who.slack, hand_over));
}

void W2_an_expiry_wakes_the_next_at_once(scene& s) {
    const auto late = [&]() -> duration {
        const auto before = time::now();
        s.now(s.locks->acquire("a", {.expire = s.lease}));
        const auto held = time::now();
        auto waiting = s.start(s.locks->lock("a", {.wait = forever}));
        auto next = s.finish(waiting);
        const auto woken = time::now();
        COLOCK_CHECK(woken - before >= s.lease - s.who.precision);
        s.now(next.release());
        return woken - held - s.lease;
    };
    COLOCK_CHECK(often_within(s.who.slack, late));
}

void W2_a_waiter_that_leaves_wakes_those_it_kept(scene& s) {
    auto b = s.now(s.locks->lock("b"));
    for (const bool cancel : {true, false}) {
        auto both = s.queue(s.locks->lock(keys("a", "b"), {.wait = cancel ? forever : 2 * s.unit}), "b");
        auto a = s.start(s.locks->lock("a", {.wait = forever}));
        if (cancel)
            both.cancel();
        COLOCK_CHECK(s.error_of(both) ==
                     (cancel ? asio::error::operation_aborted : make_error_code(errc::timed_out)));
        auto taken = s.finish(a);
        COLOCK_CHECK(s.now(taken.release()));
    }
}

void W3_a_wait_ends_at_its_deadline(scene& s) {
    const auto held = s.now(s.locks->lock("a"));
    const auto late = [&]() -> duration {
        const auto before = time::now();
        COLOCK_CHECK(s.error_of(s.locks->lock("a", {.wait = s.unit})) == errc::timed_out);
        const auto took = time::now() - before;
        COLOCK_CHECK(took >= s.unit - s.who.precision);
        return took - s.unit;
    };
    COLOCK_CHECK(often_within(s.who.slack, late));
}

void W3_a_wait_that_ends_leaves_no_trace(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    COLOCK_CHECK(s.error_of(s.locks->acquire(keys("a", "b"), {.owner = "me", .wait = s.unit})) ==
                 errc::timed_out);
    s.until([&] { return s.waiters("a") == 0; }, "the waiter had left its queue");
    COLOCK_CHECK(s.listed() == 1);
    COLOCK_CHECK(s.now(held.release()));
    s.until_empty();
}

void W3_try_calls_complete_with_nothing(scene& s) {
    const auto held = s.now(s.locks->lock("a"));
    COLOCK_CHECK(!s.now(s.locks->try_lock("a", {.wait = s.unit})));
    COLOCK_CHECK(!s.now(s.locks->try_acquire("a", {.wait = s.unit})));
}

void W3_a_wait_that_is_granted_in_time_succeeds(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    auto waiting = s.queue(s.locks->acquire("a", {.owner = "me", .expire = 1h, .wait = 1h}), "a");
    COLOCK_CHECK(s.now(held.release()));
    const auto granted = s.finish(waiting);
    COLOCK_CHECK(granted.owner() == "me");
    COLOCK_CHECK(granted.keys() == key_set("a"));
    COLOCK_CHECK(s.now(s.locks->release(granted)));
}

void W5_a_full_queue_refuses(scene& s) {
    s.renew_service(2);
    auto held = s.now(s.locks->lock("a"));
    auto first = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    auto second = s.queue(s.locks->lock(keys("a", "b"), {.wait = forever}), "a");
    for (const auto& either : {keys("z", "a"), keys("A", "a")})
        COLOCK_CHECK(s.error_of(s.locks->lock(either, {.wait = forever})) == errc::too_many_waiters);
    COLOCK_CHECK(s.error_of(s.locks->acquire("a")) == errc::already_locked); // it does not want to queue
    COLOCK_CHECK(s.is_free(keys("A", "z")));
    first.cancel();
    COLOCK_CHECK(s.error_of(first) == asio::error::operation_aborted);
    s.until([&] { return s.waiters("a") == 1; }, "the cancelled call had left its queue");
    auto third = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    COLOCK_CHECK(s.now(held.release()));
    auto taken = s.finish(second);
    COLOCK_CHECK(s.now(taken.release()));
    COLOCK_CHECK(s.finish(third));
}

void W6_a_waiter_resumes_on_its_own_executor_and_never_inline(scene& s) {
    asio::io_context other;
    const auto strand = asio::make_strand(other);
    auto held = s.now(s.locks->lock("a"));
    bool releasing = false;
    bool resumed = false;
    bool well = false;
    const auto visit = [&]() -> asio::awaitable<void> {
        const auto mine = co_await s.locks->lock("a", {.wait = forever});
        resumed = true;
        well = strand.running_in_this_thread() && !releasing;
    };
    auto waiting = colock_test::start(strand, visit());
    const auto both_until = [&](auto condition, const char* what) {
        s.until(
            [&] {
                other.restart();
                other.poll();
                return condition();
            },
            what);
    };
    both_until([&] { return s.waiters("a") == 1; }, "a call on another executor was queued");
    releasing = true;
    held.reset();
    releasing = false;
    s.pass(s.unit); // the other executor stands still
    COLOCK_CHECK(!resumed);
    both_until([&] { return waiting.done(); }, "a call on another executor ended");
    COLOCK_CHECK(!waiting.failed());
    COLOCK_CHECK(well);
}

void W6_a_pending_wait_is_outstanding_work(scene& s) {
    asio::io_context other;
    auto held = s.now(s.locks->lock("a"));
    auto waiting = colock_test::start(other.get_executor(), s.locks->lock("a", {.wait = forever}));
    std::atomic<bool> returned{false};
    std::thread running([&] {
        other.run(); // would return at once if the wait did not count
        returned = true;
    });
    try {
        s.until([&] { return s.waiters("a") == 1; }, "a call on another executor was queued");
        COLOCK_CHECK(!returned);
        COLOCK_CHECK(s.now(held.release()));
        s.until([&] { return returned.load(); }, "run() returned");
    } catch (...) {
        other.stop();
        running.join();
        throw;
    }
    running.join();
    COLOCK_CHECK(waiting.done() && !waiting.failed());
    waiting = {};
    s.until([&] { return s.is_free("a"); }, "the key was free");
}

void W6_many_waiters_do_not_eat_the_stack(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    constexpr int count = 300;
    int done = 0;
    const auto visit = [&]() -> asio::awaitable<void> {
        const auto mine = co_await s.locks->lock("a", {.wait = forever});
        ++done;
    };
    std::vector<started<void>> all;
    for (int i = 0; i < count; ++i)
        all.push_back(s.start(visit()));
    s.until([&] { return s.waiters("a") == count; }, "all calls were queued");
    held.reset();
    for (auto& each : all)
        s.finish(each);
    COLOCK_CHECK(done == count);
}

} // namespace

std::span<const test_case> waiting_cases() {
    static constexpr test_case all[] = {
        COLOCK_CASE(W1_first_come_first_served, feature::waiting, feature::listing),
        COLOCK_CASE(W1_calls_for_several_keys_keep_their_place, feature::waiting, feature::listing),
        COLOCK_CASE(W2_a_release_wakes_exactly_the_next, feature::waiting, feature::listing),
        COLOCK_CASE(W2_a_release_wakes_the_next_at_once, feature::waiting, feature::listing),
        COLOCK_CASE(W2_an_expiry_wakes_the_next_at_once, feature::waiting, feature::expiry),
        COLOCK_CASE(W2_a_waiter_that_leaves_wakes_those_it_kept, feature::waiting, feature::listing),
        COLOCK_CASE(W3_a_wait_ends_at_its_deadline, feature::waiting),
        COLOCK_CASE(W3_a_wait_that_ends_leaves_no_trace, feature::waiting, feature::listing, feature::owners),
        COLOCK_CASE(W3_try_calls_complete_with_nothing, feature::waiting),
        COLOCK_CASE(W3_a_wait_that_is_granted_in_time_succeeds, feature::waiting, feature::listing,
                    feature::owners, feature::expiry),
        COLOCK_CASE(W5_a_full_queue_refuses, feature::waiting, feature::listing, feature::bounded_queues),
        COLOCK_CASE(W6_a_waiter_resumes_on_its_own_executor_and_never_inline, feature::waiting,
                    feature::listing),
        COLOCK_CASE(W6_a_pending_wait_is_outstanding_work, feature::waiting, feature::listing),
        COLOCK_CASE(W6_many_waiters_do_not_eat_the_stack, feature::waiting, feature::listing),
    };
    return all;
}

} // namespace colock::conformance
