// The server is gone for a while, or stands still.
#include "stage.hpp"

BOOST_AUTO_TEST_SUITE(outages)

using namespace colock_test;

BOOST_AUTO_TEST_CASE(R8_while_it_is_down_calls_fail_in_time_and_afterwards_work) {
    stage t({.query = "connect_timeout=300ms", .own_server = true, .server_options = stage::lasting()});
    auto held = t.s.now(t.s.locks->lock("a", {.expire = 20s}));
    const auto granted = t.s.now(t.s.locks->acquire("b"));
    t.crash();
    const auto fails_within = [&](auto work, colock::duration limit) {
        const auto before = time::now();
        const auto error = t.s.error_of(std::move(work));
        BOOST_CHECK_EQUAL(error, make_error_code(errc::provider_unavailable));
        BOOST_CHECK(time::now() - before < limit + slack(before));
    };
    fails_within(t.s.locks->acquire("c"), 300ms);
    fails_within(t.s.locks->acquire("c", {.wait = 150ms}), 150ms);
    fails_within(t.s.locks->try_lock("c"), 300ms);
    fails_within(t.s.locks->lock("c", {.wait = 700ms}), 700ms);
    fails_within(t.s.locks->release(granted), 300ms);
    fails_within(t.s.locks->release("b"), 300ms);
    fails_within(t.s.locks->extend(granted, 1h), 300ms);
    fails_within(t.s.locks->release_all(), 300ms);
    fails_within(t.s.locks->list(), 300ms);
    const auto job = [] {};
    fails_within(t.s.locks->execute("c", job, {.timeout = 300ms}), 300ms);
    t.server().start();
    BOOST_CHECK(t.s.now(t.s.locks->acquire("c", {.wait = 5s})));
    t.s.until([&] { return t.s.is_free("b"); }, "what could not be released at once was, in the background");
    BOOST_CHECK(!held.lost());
    BOOST_CHECK(t.s.now(held.release()));
}

BOOST_AUTO_TEST_CASE(L3_a_server_that_stands_still_loses_leases_before_it_grants_them_again) {
    stage t({.query = "connect_timeout=10s", .own_server = true});
    auto held = t.s.now(t.s.locks->lock("a", {.expire = 500ms}));
    const auto job = [](colock::lease& mine) -> asio::awaitable<void> {
        try {
            co_await endless();
        } catch (const boost::system::system_error&) {
            BOOST_CHECK(mine.lost());
            throw;
        }
    };
    auto running = t.s.start(t.s.locks->execute("b", job, {.timeout = forever, .expire = 500ms}));
    t.s.until([&] { return !t.s.is_free("b"); }, "the job had its lock");
    auto waiting = t.s.queue(t.s.locks->lock("a", {.wait = forever}), "a");
    const auto before = time::now();
    t.server().stop();
    BOOST_CHECK(!t.s.error_of(held.wait_lost()));
    BOOST_CHECK(t.s.error_of(running) == errc::lease_lost);
    BOOST_CHECK(time::now() - before < 500ms + slack(before));
    BOOST_CHECK(!waiting.done());
    t.server().resume();
    auto next = t.s.finish(waiting);
    BOOST_CHECK_GT(next.token(), held.token());
    BOOST_CHECK(!t.s.now(held.release()));
    BOOST_CHECK(!next.lost());
}

BOOST_AUTO_TEST_SUITE_END()
