#include "fixture.hpp"

#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <vector>

BOOST_AUTO_TEST_SUITE(waiting)

using namespace colock_test;
using colock::forever;

BOOST_AUTO_TEST_CASE(W2_a_release_wakes_exactly_the_next) {
    world w;
    auto held = w.now(w.locks->lock("a"));
    auto first = w.start(w.locks->lock("a", {.wait = forever}));
    auto second = w.start(w.locks->lock("a", {.wait = forever}));
    held.reset();
    w.io.restart();
    BOOST_CHECK_EQUAL(w.io.poll(), 1u); // one completion was posted, no more
    BOOST_CHECK(first.done() && !second.done());
}

BOOST_AUTO_TEST_CASE(W2_an_expiry_wakes_the_next) {
    world w;
    w.now(w.locks->acquire("a", {.expire = 5s}));
    auto waiting = w.start(w.locks->lock("a", {.wait = forever}));
    w.advance(5s - 1ns);
    BOOST_CHECK(!waiting.done());
    w.advance(1ns);
    BOOST_CHECK(waiting.done());
}

BOOST_AUTO_TEST_CASE(W3_a_wait_ends_at_its_deadline_and_leaves_no_trace) {
    world w;
    auto held = w.now(w.locks->lock("a"));
    auto waiting = w.start(w.locks->acquire(colock::keys("a", "b"), {.owner = "me", .wait = 250ms}));
    w.advance(250ms - 1ns);
    BOOST_CHECK(!waiting.done());
    w.advance(1ns);
    BOOST_CHECK(waiting.error() == errc::timed_out);
    BOOST_CHECK_EQUAL(w.memory->statistics().waiting, 0u);
    BOOST_CHECK_EQUAL(w.held(), 1u);
    held.reset();
    BOOST_CHECK_EQUAL(w.memory->statistics().held, 0u);
}

BOOST_AUTO_TEST_CASE(W3_default_waits) {
    world w;
    auto held = w.now(w.locks->lock("a"));
    auto lock = w.start(w.locks->lock("a"));
    BOOST_CHECK(!w.now(w.locks->try_lock("a")));
    BOOST_CHECK(fails_with(errc::already_locked, [&] { w.now(w.locks->acquire("a")); }));
    auto trying = w.start(w.locks->try_lock("a", {.wait = 1s}));
    w.advance(1s);
    BOOST_CHECK(trying.done() && !trying.get());
    w.advance(4s - 1ns);
    BOOST_CHECK(!lock.done());
    w.advance(1ns);
    BOOST_CHECK(lock.error() == errc::timed_out);
}

BOOST_AUTO_TEST_CASE(W3_deadline_against_hand_over_the_earlier_wins) {
    world w;
    w.now(w.locks->acquire("a", {.expire = 5s}));
    auto same_moment = w.start(w.locks->lock("a", {.wait = 5s}));
    auto too_early = w.start(w.locks->lock("a", {.wait = 5s - 1ns}));
    w.advance(5s);
    BOOST_CHECK(same_moment.done() && !same_moment.failed());
    BOOST_CHECK(too_early.error() == errc::timed_out);
}

BOOST_AUTO_TEST_CASE(W4_cancel_against_grant_cancel_first) {
    world w;
    auto held = w.now(w.locks->lock("a"));
    auto waiting = w.start(w.locks->lock("a", {.wait = forever}));
    auto next = w.start(w.locks->lock("a", {.wait = forever}));
    w.inside([&] {
        waiting.cancel();
        held.reset();
    });
    BOOST_CHECK(waiting.error() == asio::error::operation_aborted);
    BOOST_CHECK(next.done());
}

BOOST_AUTO_TEST_CASE(W4_cancel_against_grant_grant_first_but_not_yet_received) {
    for (const bool scoped : {true, false}) {
        world w;
        auto held = w.now(w.locks->lock("a"));
        started<colock::guard> guard;
        started<colock::grant> grant;
        if (scoped)
            guard = w.start(w.locks->lock("a", {.wait = forever}));
        else
            grant = w.start(w.locks->acquire("a", {.wait = forever}));
        auto next = w.start(w.locks->lock("a", {.wait = forever}));
        w.inside([&] {
            held.reset(); // grants, and posts the completion
            if (scoped)
                guard.cancel();
            else
                grant.cancel();
        });
        BOOST_CHECK((scoped ? guard.error() : grant.error()) == asio::error::operation_aborted);
        BOOST_CHECK(next.done() && !next.failed());
        BOOST_CHECK_EQUAL(w.now(w.locks->list()).at(0).holders.at(0).token, next.get().token());
    }
}

BOOST_AUTO_TEST_CASE(W4_an_already_cancelled_coroutine_takes_nothing) {
    world w;
    const auto late = [&]() -> asio::awaitable<void> {
        co_await asio::post(asio::deferred);
        const auto held = co_await w.locks->lock("a");
        BOOST_ERROR("not reached");
    };
    auto call = colock_test::start(w.io.get_executor(), late());
    w.inside([&] { call.cancel(); }); // while its post is in the queue
    BOOST_CHECK(call.error() == asio::error::operation_aborted);
    BOOST_CHECK_EQUAL(w.held(), 0u);
}

BOOST_AUTO_TEST_CASE(W6_an_expiry_nobody_waits_for_is_no_work) {
    asio::io_context io;
    colock::locking_service locks(io.get_executor());
    auto held = start(io.get_executor(), locks.acquire("a", {.expire = 24h}));
    io.run(); // returns
    BOOST_CHECK(held.done());
}

BOOST_AUTO_TEST_CASE(W6_hand_over_among_contexts_pools_and_strands) {
    asio::io_context io;
    asio::thread_pool pool(2);
    colock::locking_service locks(io.get_executor());
    int counter = 0;
    std::vector<started<void>> all;
    const auto work = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < 200; ++i) {
            const auto held = co_await locks.lock("a", {.wait = forever});
            const int seen = counter;
            co_await asio::post(asio::deferred);
            counter = seen + 1;
        }
    };
    for (int i = 0; i < 4; ++i) {
        all.push_back(start(io.get_executor(), work()));
        all.push_back(start(pool.get_executor(), work()));
        all.push_back(start(asio::make_strand(pool), work()));
        all.push_back(start(asio::make_strand(asio::any_io_executor(io.get_executor())), work()));
    }
    io.run();
    pool.join();
    BOOST_CHECK_EQUAL(counter, 16 * 200);
}

BOOST_AUTO_TEST_CASE(a_hundred_thousand_acquires_in_one_coroutine_do_not_eat_the_stack) {
    world w;
    const auto many = [&]() -> asio::awaitable<int> {
        int done = 0;
        for (int i = 0; i < 100'000; ++i) {
            const auto held = co_await w.locks->lock("a");
            const auto grant = co_await w.locks->acquire("b", {.owner = "me"});
            const bool released = co_await w.locks->release(grant);
            const int one = co_await w.locks->execute("c", [] { return 1; });
            done += released ? one : 0;
        }
        co_return done;
    };
    BOOST_CHECK_EQUAL(w.now(many()), 100'000);
}

BOOST_AUTO_TEST_CASE(a_hundred_thousand_hand_overs_do_not_eat_the_stack) {
    world w;
    auto held = w.now(w.locks->lock("a"));
    int done = 0;
    const auto queue = [&]() -> asio::awaitable<void> {
        const auto mine = co_await w.locks->lock("a", {.wait = forever});
        ++done;
    };
    for (int i = 0; i < 100'000; ++i)
        asio::co_spawn(w.io, queue(), [](std::exception_ptr e) { BOOST_CHECK(!e); });
    w.run();
    held.reset();
    w.run();
    BOOST_CHECK_EQUAL(done, 100'000);
}

BOOST_AUTO_TEST_SUITE_END()
