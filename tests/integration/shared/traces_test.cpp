// That nothing is left in the backend of what has gone.
#include "stage.hpp"

#include <memory>
#include <random>

BOOST_AUTO_TEST_SUITE(traces)

using namespace colock_test;

// Cancelled after each number of steps that it may take here, on a network that takes its time.
BOOST_AUTO_TEST_CASE(W4_cancelled_at_every_suspension) {
    stage t;
    const auto straight = t.straight();
    for (const bool contended : {false, true}) {
        int ended = 0;
        for (int steps = 0; steps < 200 && ended < 3; ++steps) {
            std::optional<colock::guard> other;
            if (contended)
                other = t.s.now(straight->lock("b"));
            auto call = start(t.s.io.get_executor(),
                              t.s.locks->acquire(keys("a", "b", "c"), {.owner = "me", .wait = 1h}));
            for (int i = 0; i < steps && !call.done(); ++i) {
                if (i == steps / 2)
                    other.reset();
                t.s.io.restart();
                t.s.io.run_one_for(2ms);
            }
            ended += call.done();
            call.cancel();
            if (!t.s.error_of(call))
                t.s.now(t.s.locks->release(call.get()));
            other.reset();
            t.s.until([&] { return t.is_clean(); }, "nothing was left");
        }
        BOOST_CHECK_EQUAL(ended, 3);
    }
}

// The same with a whole service that goes instead of a call.
BOOST_AUTO_TEST_CASE(Z2_a_service_destroyed_at_every_suspension_leaves_what_expires) {
    stage t;
    for (int steps = 2; steps < 32; ++steps) { // two, so that both calls have begun
        asio::io_context io;
        auto locks = std::make_unique<colock::locking_service>(io.get_executor());
        locks->add_provider("other", colock::make_provider(io.get_executor(), t.url()));
        auto first = start(io.get_executor(), locks->lock(keys("a", "b"), {.wait = 1h, .expire = 200ms}));
        auto second = start(io.get_executor(), locks->lock("a", {.wait = 1h, .expire = 200ms}));
        for (int i = 0; i < steps; ++i) {
            io.restart();
            io.run_one_for(2ms);
        }
        locks.reset();
        if (steps % 2 == 0)
            io.run_for(1ms);
    }
    t.s.until([&] { return t.s.is_free(keys("a", "b")); }, "the leases had ended");
    t.s.until([&] { return t.is_clean(); }, "nothing was left");
}

BOOST_AUTO_TEST_CASE(L1_thousands_of_cycles_leave_the_database_empty) {
    stage t({.query = "connect_timeout=20s"});
    int failed = 0;
    int cycles = 0;
    const auto worker = [&](int number) -> asio::awaitable<void> {
        std::minstd_rand random(static_cast<unsigned>(number));
        for (int i = 0; i < stage::many_cycles / 16; ++i, ++cycles) {
            const std::string key = "key " + std::to_string(random() % 8);
            const std::string other = "key " + std::to_string(random() % 8);
            const std::string owner = "owner " + std::to_string(random() % 4);
            bool cancelled = false;
            bool unheard = false;
            try {
                switch (random() % 5) {
                case 0: {
                    auto held = co_await t.s.locks->lock(keys(key, other), {.wait = 4 * stage::moment});
                    break;
                }
                case 1:
                    co_await t.s.locks->acquire(key,
                                                {.owner = owner, .expire = 5ms, .wait = 4 * stage::moment});
                    break;
                case 2: {
                    const auto held = co_await t.s.locks->acquire(
                        keys(key, other), {.expire = 50ms, .wait = 4 * stage::moment});
                    co_await t.s.locks->release(held);
                    break;
                }
                case 3:
                    co_await t.s.locks->acquire(
                        key, {.owner = owner, .expire = 20ms, .mode = colock::lock_mode::shared});
                    co_await t.s.locks->release(key, {.owner = owner});
                    break;
                default: {
                    auto held = co_await t.s.locks->lock(
                        key, {.wait = stage::moment, .mode = colock::lock_mode::shared});
                    co_await held.release();
                }
                }
            } catch (const colock::lock_error& e) {
                cancelled = e.code() == asio::error::operation_aborted;
                unheard = e.code() == errc::provider_unavailable; // not in that time, on a busy machine
                const bool contended = e.code() == errc::timed_out || e.code() == errc::already_locked;
                if (!cancelled && !unheard && !contended && failed++ == 0)
                    BOOST_TEST_MESSAGE("a call failed: " << e.what());
            } catch (const boost::system::system_error&) {
                cancelled = true;
            }
            if (cancelled)
                co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
            if (unheard) {
                // Let the server catch up, or calls that give up are all that it gets to see.
                co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
                (void)co_await t.s.locks->list({.prefix = "none"});
                co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
            }
        }
    };
    std::vector<started<void>> all;
    for (int i = 0; i < 16; ++i)
        all.push_back(t.s.start(worker(i)));
    // Cancels calls now and then, but not as fast as they are made; each coroutine goes on with its next one.
    std::minstd_rand random(7);
    int next_cancel = 0;
    const auto all_ended = [&] {
        return std::all_of(all.begin(), all.end(), [](auto& each) { return each.done(); });
    };
    // Patience is for each tenth, as a busy machine takes its time for all.
    for (int tenth = 1; tenth <= 10; ++tenth)
        t.s.until(
            [&] {
                if (cycles >= next_cancel) {
                    all[random() % all.size()].cancel();
                    next_cancel = cycles + 2;
                }
                return cycles >= stage::many_cycles / 10 * tenth || all_ended();
            },
            "a tenth of the cycles was done");
    t.s.until(all_ended, "all workers had ended");
    for (auto& each : all)
        BOOST_CHECK(!each.failed());
    BOOST_CHECK_EQUAL(failed, 0);
    t.s.until([&] { return t.s.listed() == 0; }, "nothing was held or waited for");
    t.s.until([&] { return t.is_clean(); }, "nothing was left");
    const auto counted = t.s.locks->get_provider().statistics();
    BOOST_TEST_MESSAGE(counted.granted << " granted, " << counted.timed_out << " timed out, "
                                       << counted.cancelled << " cancelled");
    // All outcomes were among them; how often depends on how busy the machine is.
    BOOST_CHECK_GT(counted.granted, 100u);
    BOOST_CHECK_GT(counted.timed_out, 10u);
    BOOST_CHECK_GT(counted.cancelled, 10u);
    BOOST_CHECK_EQUAL(counted.held, 0u);
    BOOST_CHECK_EQUAL(counted.waiting, 0u);
}

BOOST_AUTO_TEST_SUITE_END()
