// The server stops, crashes, stands still, and breaks off connections.
#include "stage.hpp"

BOOST_AUTO_TEST_SUITE(server)

using namespace colock_test;

const stage::options alone{.query = "connect_timeout=5s", .own_server = true};

void restart(postgres_server& server, bool crash) {
    if (crash)
        server.shut_down_at_once();
    else
        server.shut_down_fast();
    server.start();
}

BOOST_AUTO_TEST_CASE(T2_a_restart_loses_nothing_also_after_a_crash) {
    stage t(alone);
    std::uint64_t last = 0;
    for (const bool crash : {false, true, true}) {
        auto held = t.s.now(t.s.locks->lock("a", {.expire = 20s}));
        BOOST_CHECK_GT(held.token(), last);
        const auto granted = t.s.now(t.s.locks->acquire("b", {.owner = "me", .expire = 1h}));
        const auto plain = t.s.now(t.s.locks->acquire(keys("c", "d")));
        auto waiting = t.s.queue(t.s.locks->lock("a", {.wait = forever}), "a");
        auto second = t.s.queue(t.s.locks->lock(keys("a", "c"), {.wait = forever}), "a");
        restart(t.server(), crash);
        t.s.until([&] { return t.s.waiters("a") == 2; }, "the waiting calls had queued again");
        BOOST_CHECK(!held.lost());
        const auto again = t.s.now(t.s.locks->acquire("b", {.owner = "me"}));
        BOOST_CHECK(again.id() == granted.id());
        BOOST_CHECK_EQUAL(again.token(), granted.token());
        BOOST_CHECK(!t.s.is_free("c"));
        BOOST_CHECK(t.s.now(held.release()));
        auto next = t.s.finish(waiting);
        BOOST_CHECK_GT(next.token(), plain.token());
        BOOST_CHECK(t.s.now(next.release()));
        BOOST_CHECK(t.s.now(t.s.locks->release(plain)));
        auto later = t.s.finish(second);
        BOOST_CHECK_GT(later.token(), next.token());
        BOOST_CHECK(t.s.now(t.s.locks->release(granted)));
        last = later.token();
        BOOST_CHECK(t.s.now(later.release()));
    }
}

// Those who queued keep no order through a crash, but nobody is forgotten, or granted twice.
BOOST_AUTO_TEST_CASE(T2_queues_of_two_processes_come_back_after_a_crash) {
    stage t(alone);
    auto held = t.s.now(t.s.locks->lock("a", {.expire = 30s}));
    agent_process other(t.url());
    std::vector<std::string> calls;
    std::vector<started<colock::guard>> waiting;
    for (std::size_t i = 0; i < 5; ++i) {
        calls.push_back(other.call("visit a 1"));
        waiting.push_back(t.s.start(t.s.locks->lock("a", {.wait = forever})));
    }
    t.s.until([&] { return t.s.waiters("a") == 10; }, "all calls were queued");
    restart(t.server(), true);
    t.s.until([&] { return t.s.waiters("a") == 10; }, "all calls were queued again");
    BOOST_CHECK(t.s.now(held.release()));
    std::vector<std::uint64_t> tokens;
    for (std::size_t granted = 0; granted < waiting.size(); ++granted) {
        const auto next = [&] {
            return std::find_if(waiting.begin(), waiting.end(), [](auto& w) { return w.done() && w.get(); });
        };
        t.s.until([&] { return next() != waiting.end(); }, "a call was granted");
        tokens.push_back(next()->get().token());
        BOOST_CHECK(t.s.now(next()->get().release()));
    }
    for (const auto& each : calls) {
        tokens.push_back(std::stoull(t.until_said(other, each).at(3)));
        BOOST_CHECK_EQUAL(t.until_said(other, each).front(), "end");
    }
    std::sort(tokens.begin(), tokens.end());
    BOOST_CHECK(std::adjacent_find(tokens.begin(), tokens.end()) == tokens.end());
    BOOST_CHECK_GT(tokens.front(), held.token());
}

// With calls that wait in the server, in the network, and nowhere yet.
BOOST_AUTO_TEST_CASE(W3_deadlines_hold_while_the_server_stands_still) {
    stage t({.query = "connect_timeout=20s", .own_server = true});
    auto held = t.s.now(t.s.locks->lock("a", {.expire = 1h}));
    for (const auto wait : {100ms, 400ms}) {
        const auto late = [&]() -> colock::duration {
            auto queued = t.s.queue(t.s.locks->lock("a", {.wait = wait + 300ms}), "a");
            t.server().stop();
            const auto before = time::now();
            auto held_by_us = t.s.start(t.s.locks->lock("a", {.wait = wait}));
            auto free = t.s.start(t.s.locks->lock("b", {.wait = wait}));
            const auto error = t.s.error_of(held_by_us);
            BOOST_CHECK(error == errc::provider_unavailable || error == errc::timed_out);
            BOOST_CHECK_EQUAL(t.s.error_of(free), make_error_code(errc::provider_unavailable));
            const auto took = time::now() - before;
            BOOST_CHECK(took >= wait);
            BOOST_CHECK_EQUAL(t.s.error_of(queued), make_error_code(errc::timed_out));
            const auto end = time::now() - before;
            t.server().resume();
            // What the server does afterwards grants nothing to those who have gone.
            t.s.until([&] { return t.s.is_free("b") && t.s.waiters("a") == 0; }, "nothing was left of them");
            return std::max<colock::duration>(took - wait, end - wait - 300ms);
        };
        BOOST_CHECK(colock::conformance::often_within(slowness * 50ms, late));
    }
    BOOST_CHECK(!held.lost());
    BOOST_CHECK(t.s.now(held.release()));
    t.s.until([&] { return t.is_clean(); }, "nothing was left in the database");
}

BOOST_AUTO_TEST_CASE(R6_connections_that_the_server_breaks_off_come_back) {
    stage t(alone);
    for (int i = 0; i < 6; ++i) {
        auto held = t.s.now(t.s.locks->lock("a"));
        auto waiting = t.s.queue(t.s.locks->lock("a", {.wait = forever}), "a");
        t.until_listening();
        if (i % 3 != 1)
            t.sql().terminate(for_notifications);
        if (i % 3 != 0)
            t.sql().terminate(for_commands);
        BOOST_CHECK(t.s.now(held.release()));
        const auto before = time::now();
        auto next = t.s.finish(waiting);
        BOOST_CHECK(time::now() - before < 2s + slack(before));
        BOOST_CHECK(t.s.now(next.release()));
    }
    t.s.until([&] { return t.is_clean(); }, "nothing was left");
}

// Broken off all the time, everywhere, while locks change hands.
BOOST_AUTO_TEST_CASE(R2_connections_broken_off_at_any_time_cost_no_lock) {
    stage t({.query = "connect_timeout=20s", .own_server = true});
    int inside = 0;
    std::uint64_t last = 0;
    const auto worker = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < 60; ++i) {
            auto held = co_await t.s.locks->lock("a", {.wait = forever, .expire = 20s});
            BOOST_CHECK_EQUAL(inside++, 0);
            BOOST_CHECK_GT(held.token(), last);
            last = held.token();
            co_await asio::post(asio::use_awaitable);
            --inside;
            co_await held.release();
        }
    };
    std::vector<started<void>> all;
    for (int i = 0; i < 8; ++i)
        all.push_back(t.s.start(worker()));
    int broken = 0;
    auto due = time::now();
    t.s.until(
        [&] {
            if (time::now() >= due) {
                t.sql().terminate(broken % 2 ? for_commands : for_notifications);
                due = time::now() + 250ms * slowness; // or no connection would ever be made
                ++broken;
            }
            return std::all_of(all.begin(), all.end(), [](auto& each) { return each.done(); });
        },
        "all were done");
    for (auto& each : all)
        BOOST_CHECK(!each.failed());
    BOOST_TEST_MESSAGE("broken off " << broken << " times");
    BOOST_CHECK_GT(broken, 1);
    t.s.until([&] { return t.is_clean(); }, "nothing was left");
}

BOOST_AUTO_TEST_CASE(W2_waiting_asks_little) {
    stage t({.own_server = true, .server_options = {.settings = {"log_statement=all"}}});
    const auto held = t.s.now(t.s.locks->lock("a", {.expire = 30s}));
    std::vector<started<colock::guard>> waiting;
    for (int i = 0; i < 20; ++i)
        waiting.push_back(t.s.start(t.s.locks->lock("a", {.wait = forever})));
    t.s.until([&] { return t.s.waiters("a") == 20; }, "20 calls were queued");
    const auto before = t.server().logged("LOG:  execute");
    BOOST_CHECK_GT(before, 20); // it counts what was asked
    t.s.pass(3s);
    const auto asked = t.server().logged("LOG:  execute") - before;
    BOOST_TEST_MESSAGE(asked << " statements in 3 s");
    BOOST_CHECK_LT(asked, 200); // 20 callers that poll at 20 ms would be 3000
}

BOOST_AUTO_TEST_SUITE_END()
