// What other sessions and other transactions do to those of the provider.
#include "stage.hpp"

#include <future>

BOOST_AUTO_TEST_SUITE(contention)

using namespace colock_test;

/// Locks and frees keys from two processes' worth of services, and checks that nobody meets anybody.
struct crowd {
    explicit crowd(stage& t) : t(t), other(t.straight()) {}

    asio::awaitable<void> worker(colock::locking_service& locks, int number, int cycles) {
        for (int i = 0; i < cycles; ++i) {
            const bool both = (i + number) % 4 == 0;
            auto held =
                both ? locks.lock(keys("a", "b"), {.wait = forever}) : locks.lock("a", {.wait = forever});
            auto guard = co_await std::move(held);
            met += inside++ != 0;
            grew = grew && guard.token() > last;
            last = guard.token();
            --inside;
            const bool was_held = co_await guard.release();
            kept = kept && was_held;
        }
    }
    /// How long it took.
    colock::duration run(int workers, int cycles) {
        const auto before = time::now();
        std::vector<started<void>> all;
        for (int i = 0; i < workers; ++i)
            all.push_back(t.s.start(worker(i % 2 ? *other : *t.s.locks, i, cycles)));
        for (auto& each : all)
            t.s.finish(each);
        BOOST_CHECK_EQUAL(met, 0);
        BOOST_CHECK(grew);
        BOOST_CHECK(kept);
        return time::now() - before;
    }

    stage& t;
    std::unique_ptr<colock::locking_service> other;
    int inside = 0;
    int met = 0;
    bool grew = true;
    bool kept = true;
    std::uint64_t last = 0;
};

BOOST_AUTO_TEST_CASE(an_old_snapshot_makes_it_slow_but_not_wrong) {
    stage t({.query = "connect_timeout=10s", .own_server = true});
    crowd c(t);
    const int cycles = slowness > 1 ? 20 : 60;
    const auto without = c.run(8, cycles);
    auto session = t.server().connect();
    session.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM colock.lock");
    const auto with = c.run(8, cycles);
    BOOST_TEST_MESSAGE(without / 1ms << " ms without, " << with / 1ms << " ms with an old snapshot");
    BOOST_CHECK_GT(session.number("SELECT count(*) FROM colock.lock"), 0); // it still sees what was
    session.query("COMMIT");
    t.s.until([&] { return t.is_clean(); }, "nothing was left");
}

// A connection whose transactions are serializable, as behind a pooler they may be, is refused by the server
// now and then. It asks again.
BOOST_AUTO_TEST_CASE(serialization_errors_are_tried_again) {
    for (const std::string level : {"serializable", "repeatable read"}) {
        postgres_server server;
        // Without notifications it would take long.
        stage t(
            {.query = "connect_timeout=10s&transaction_pooler=true&notifications=" + encoded(server.url()),
             .server = &server});
        server.connect().query("ALTER DATABASE postgres SET default_transaction_isolation = '" + level + "'");
        crowd c(t);
        for (int i = 0; i < 10 && t.server().logged("could not serialize") < 5; ++i)
            (void)c.run(8, 5);
        BOOST_TEST_MESSAGE(t.server().logged("could not serialize") << " errors");
        BOOST_CHECK_GT(t.server().logged("could not serialize"), 0);
        t.s.until([&] { return t.is_clean(); }, "nothing was left");
    }
}

// It does not see who queued meanwhile, and so would wake nobody.
BOOST_AUTO_TEST_CASE(W2_a_transaction_with_a_snapshot_from_before_somebody_queued_is_tried_again) {
    stage t;
    BOOST_CHECK(t.s.now(t.s.locks->try_acquire("a")));
    const auto in_time = std::string("colock.now() + 30000000");
    const auto queue = [&](postgres_client& session, const std::string& number) {
        session.query("SELECT FROM colock.acquire($1, 7, $2, 1, '', " + in_time +
                          ", false, false, '', 0, 0, 1000000000, '{a}')",
                      {t.name_space(), number});
    };
    auto first = t.server().connect();
    queue(first, "1");
    const auto release = "release($1, 7, 8, 1, '', " + in_time + ", false, '', '{a}')";
    const std::string leave = "leave($1, 7, 1, '', '{a}')";
    for (const auto& step : {release, leave}) {
        for (const std::string level : {"REPEATABLE READ", "SERIALIZABLE"}) {
            auto old = t.server().connect();
            old.query("BEGIN ISOLATION LEVEL " + level + "; SELECT FROM colock.lock");
            auto late = t.server().connect();
            late.query("BEGIN ISOLATION LEVEL " + level);
            queue(late, "2");
            late.query("COMMIT");
            BOOST_CHECK_EXCEPTION(old.query("SELECT FROM colock." + step, {t.name_space()}), postgres_error,
                                  [](const postgres_error& e) { return e.sqlstate == "40001"; });
            old.query("ROLLBACK");
            BOOST_CHECK_EQUAL(t.rows("waiter"), 2);
            t.sql().query("SELECT FROM colock.leave($1, 7, 2, '', '{a}')", {t.name_space()});
        }
    }
    t.sql().query("SELECT FROM colock.leave($1, 7, 1, '', '{a}')", {t.name_space()});
    BOOST_CHECK(t.s.now(t.s.locks->release("a")));
}

// Somebody locks the same rows in the other order, and is the one whom the server lets have them.
BOOST_AUTO_TEST_CASE(a_deadlock_with_another_session_is_tried_again) {
    stage t({.query = "connect_timeout=20s",
             .own_server = true,
             .server_options = {.settings = {"deadlock_timeout=500ms"}}});
    BOOST_CHECK(t.s.is_free(keys("a", "b"))); // the rows are there
    auto session = t.server().connect();
    session.query("SET deadlock_timeout = '1min'"); // it is not this one that finds out
    const auto lock_row = [&](const std::string& key) {
        session.query("SELECT 1 FROM colock.lock WHERE namespace = $1 AND key = $2::bytea FOR UPDATE",
                      {t.name_space(), key});
    };
    for (int i = 0; i < 3; ++i) {
        const auto before = t.server().logged("deadlock detected");
        session.query("BEGIN");
        lock_row("b");
        auto call = t.s.start(t.s.locks->lock(keys("a", "b"), {.wait = 20s}));
        t.s.until([&] { return t.sql().connections(for_commands + " AND wait_event_type = 'Lock'") == 1; },
                  "it waited for a row");
        auto crossing = std::async(std::launch::async, [&] { lock_row("a"); });
        t.s.until([&] { return crossing.wait_for(0ms) == std::future_status::ready; },
                  "the other one went on");
        crossing.get();
        BOOST_CHECK_GT(t.server().logged("deadlock detected"), before);
        BOOST_CHECK(!call.done());
        session.query("COMMIT");
        auto held = t.s.finish(call);
        BOOST_CHECK(t.s.now(held.release()));
    }
}

// A row that somebody else has locked, for whatever reason, stops those who want this key only, and only
// until they give up.
BOOST_AUTO_TEST_CASE(W3_a_row_locked_by_another_session) {
    stage t({.query = "connect_timeout=20s", .own_server = true});
    BOOST_CHECK(t.s.is_free("a"));
    auto session = t.server().connect();
    session.query("BEGIN");
    session.query("SELECT 1 FROM colock.lock WHERE namespace = $1 FOR UPDATE", {t.name_space()});
    const auto late = [&]() -> colock::duration {
        const auto before = time::now();
        BOOST_CHECK_EQUAL(t.s.error_of(t.s.locks->lock("a", {.wait = 200ms})),
                          make_error_code(errc::provider_unavailable));
        return time::now() - before - 200ms;
    };
    BOOST_CHECK(colock::conformance::often_within(slowness * 50ms, late));
    session.query("COMMIT");
    t.s.until([&] { return t.s.is_free("a") && t.is_clean(); }, "nothing was left");
}

BOOST_AUTO_TEST_CASE(W3_W4_calls_that_gave_up_leave_no_row) {
    stage t;
    const auto straight = t.straight();
    auto held = t.s.now(straight->lock(keys("a", "b", "c")));
    std::vector<started<colock::guard>> cancelled;
    std::vector<started<colock::guard>> timed_out;
    for (int i = 0; i < 10; ++i) {
        cancelled.push_back(t.s.start(t.s.locks->lock(keys("a", "b"), {.wait = forever})));
        timed_out.push_back(t.s.start(t.s.locks->lock(keys("b", "c"), {.wait = 3s})));
    }
    t.s.until([&] { return t.s.waiters("b") == 20 || timed_out.front().done(); }, "all calls were queued");
    BOOST_CHECK_EQUAL(t.rows("waiter"), 40);
    for (auto& each : cancelled) {
        each.cancel();
        BOOST_CHECK(t.s.error_of(each) == asio::error::operation_aborted);
    }
    for (auto& each : timed_out)
        BOOST_CHECK_EQUAL(t.s.error_of(each), make_error_code(errc::timed_out));
    t.s.until([&] { return t.rows("waiter") == 0; }, "no row was left");
    BOOST_CHECK(t.s.now(held.release()));
    t.s.until([&] { return t.is_clean(); }, "nothing was left");
}

BOOST_AUTO_TEST_CASE(W2_rows_of_a_dead_process_go_when_another_one_has_something_to_do) {
    stage t;
    auto held = t.s.now(t.s.locks->lock(keys("a", "b"), {.expire = 1s}));
    agent_process other(t.url());
    other.call("lock a 1000 -1");
    other.call("lock b 1000 -1");
    t.s.until([&] { return t.rows("waiter") == 2; }, "both calls were queued");
    other.kill();
    t.s.until([&] { return t.rows("waiter") == 0 && t.rows("process") == 0; }, "no row was left");
    BOOST_CHECK(t.s.now(held.release()));
}

BOOST_AUTO_TEST_SUITE_END()
