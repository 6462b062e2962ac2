#include "fixture.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <vector>

BOOST_AUTO_TEST_SUITE(lifetime)

using namespace colock_test;
using colock::forever;

BOOST_AUTO_TEST_CASE(Z1_close_ends_waits_waits_for_jobs_and_takes_guards_back) {
    world w;
    auto guard = w.now(w.locks->lock("guarded"));
    auto told = w.start(guard.wait_lost());
    const auto grant = w.now(w.locks->acquire("granted"));
    asio::steady_timer timer(w.io, asio::steady_timer::time_point::max());
    const auto job = [&]() -> asio::awaitable<int> {
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        co_return 5;
    };
    auto running = w.start(w.locks->execute("executed", job));
    auto waiting = w.start(w.locks->lock("guarded", {.wait = forever}));
    auto queued_job = w.start(w.locks->execute("executed", [] {}));
    auto closing = w.start(w.locks->close());
    BOOST_CHECK(waiting.error() == errc::closed);
    BOOST_CHECK(queued_job.error() == errc::closed);
    BOOST_CHECK(!closing.done()); // the job runs on
    BOOST_CHECK(!guard.lost());
    BOOST_CHECK(fails_with(errc::closed, [&] { w.now(w.locks->acquire("a")); }));
    BOOST_CHECK(fails_with(errc::closed, [&] { w.now(w.locks->lock("a")); }));
    BOOST_CHECK(fails_with(errc::closed, [&] { w.now(w.locks->try_lock("a")); }));
    BOOST_CHECK(fails_with(errc::closed, [&] { w.now(w.locks->execute("a", [] {})); }));
    BOOST_CHECK(fails_with(errc::closed, [&] { (void)w.memory->try_lock("a"); }));
    timer.cancel();
    w.run();
    BOOST_CHECK_EQUAL(running.get(), 5);
    BOOST_CHECK(closing.done() && !closing.failed());
    BOOST_CHECK(guard.lost());
    BOOST_CHECK(told.done() && !told.failed());
    BOOST_CHECK_EQUAL(w.held(), 1u);
    BOOST_CHECK(w.now(w.locks->release(grant)));
    BOOST_CHECK_EQUAL(w.now(w.locks->release_all()), 0u);
    w.now(w.locks->close()); // again
}

BOOST_AUTO_TEST_CASE(Z1_close_can_be_cancelled_and_awaited_twice) {
    world w;
    asio::steady_timer timer(w.io, asio::steady_timer::time_point::max());
    const auto job = [&]() -> asio::awaitable<void> {
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    };
    auto running = w.start(w.locks->execute("a", job));
    auto first = w.start(w.locks->close());
    auto second = w.start(w.locks->close());
    first.cancel();
    w.run();
    BOOST_CHECK(first.error() == asio::error::operation_aborted);
    timer.cancel();
    w.run();
    BOOST_CHECK(second.done() && !second.failed());
    BOOST_CHECK(running.done() && !running.failed());
}

BOOST_AUTO_TEST_CASE(Z1_close_takes_back_what_a_waiter_was_granted_and_has_not_received) {
    world w;
    auto held = w.now(w.locks->lock("a"));
    auto waiting = w.start(w.locks->lock("a", {.wait = forever}));
    started<void> closing;
    w.inside([&] {
        held.reset(); // grants, and posts that
        closing = colock_test::start(w.io.get_executor(), w.memory->close());
        BOOST_CHECK(!waiting.done());
    });
    BOOST_CHECK(closing.done());
    BOOST_CHECK(waiting.get().lost());
    BOOST_CHECK_EQUAL(w.held(), 0u);
}

BOOST_AUTO_TEST_CASE(Z1_a_provider_added_after_close_is_closed_too) {
    world w;
    w.now(w.locks->close());
    w.locks->add_provider("late", std::make_unique<colock::memory_provider>());
    BOOST_CHECK(fails_with(errc::closed, [&] { w.now(w.locks->acquire("a", {.provider = "late"})); }));
}

BOOST_AUTO_TEST_CASE(Z2_destroyed_before_its_completion_is_delivered) {
    world w;
    auto held = w.now(w.locks->lock("a"));
    auto waiting = w.start(w.locks->lock("a", {.wait = forever}));
    auto aborted = w.start(w.locks->lock("a", {.wait = forever}));
    held.reset();    // granted and posted
    w.locks.reset(); // and then the service goes
    w.run();
    BOOST_CHECK(waiting.done() && !waiting.failed());
    BOOST_CHECK(aborted.error() == errc::closed);
}

// Waiters, jobs, guards in suspended frames, guards outside: destroyed in every order.
enum class part { service, provider_owner, context, guard };

struct scene {
    std::unique_ptr<asio::io_context> io = std::make_unique<asio::io_context>();
    std::shared_ptr<colock::manual_clock> clock = std::make_shared<colock::manual_clock>();
    std::unique_ptr<colock::locking_service> locks =
        std::make_unique<colock::locking_service>(io->get_executor());
    std::unique_ptr<colock::memory_provider> alone =
        std::make_unique<colock::memory_provider>(colock::memory_provider_options{.clock = clock});
    std::optional<colock::guard> outside;
    std::optional<colock::guard> outside_alone;

    asio::awaitable<void> hold_and_suspend() {
        const auto held = co_await locks->lock(colock::keys("x", "y"), {.wait = forever});
        co_await endless();
    }
    asio::awaitable<void> wait_for_loss() { co_await outside->wait_lost(); }
    asio::awaitable<void> wait_alone(const colock::lock_request& request) {
        const auto granted = co_await alone->acquire(request);
        if (granted.held)
            granted.held->drop();
    }

    void destroy(part p) {
        switch (p) {
        case part::service:
            locks.reset();
            break;
        case part::provider_owner:
            alone.reset();
            break;
        case part::context:
            io.reset();
            break;
        case part::guard:
            outside.reset();
            outside_alone.reset();
            break;
        }
        run();
    }
    void run() {
        if (io) {
            io->restart();
            io->poll();
        }
    }
};

BOOST_AUTO_TEST_CASE(Z2_in_every_order) {
    std::vector<part> order{part::service, part::provider_owner, part::context, part::guard};
    int orders = 0;
    do {
        const colock::key_set names = colock::keys("a", "b");
        const colock::lock_request request{.keys = names, .scoped = true, .wait = forever};
        scene s;
        const auto go = [&](asio::awaitable<void> work) {
            asio::co_spawn(*s.io, std::move(work), [](std::exception_ptr) {});
            s.run();
        };
        auto taking = start(s.io->get_executor(), s.locks->lock("a"));
        s.run();
        s.outside = std::move(taking.get());
        s.outside_alone = s.alone->try_lock("a");
        const auto waiter = [&]() -> asio::awaitable<void> {
            const auto held = co_await s.locks->lock(colock::keys("a", "c"), {.wait = 1h});
        };
        const auto long_job = [] { return endless(); };
        const auto job = [&]() -> asio::awaitable<void> { co_await s.locks->execute("j", long_job); };
        const auto queued = [&]() -> asio::awaitable<void> { co_await s.locks->execute("j", long_job); };
        const auto closer = [&]() -> asio::awaitable<void> { co_await s.locks->close(); };
        go(s.hold_and_suspend());
        go(waiter());
        go(waiter());
        go(job());
        go(queued());
        go(s.wait_for_loss());
        go(s.wait_alone(request));
        go(s.wait_alone(request));
        if (orders % 2 == 1)
            go(closer());
        for (const part p : order)
            s.destroy(p);
        ++orders;
    } while (std::next_permutation(order.begin(), order.end()));
    BOOST_CHECK_EQUAL(orders, 24);
}

BOOST_AUTO_TEST_CASE(Z2_a_grant_that_its_context_never_delivers_is_given_back) {
    world w;
    auto other = std::make_unique<asio::io_context>();
    auto held = w.now(w.locks->lock("a"));
    auto guard = start(other->get_executor(), w.locks->lock("a", {.wait = forever}));
    auto grant = start(other->get_executor(), w.locks->acquire("a", {.owner = "me", .wait = forever}));
    other->poll();
    held.reset(); // posted to a context that does not run
    other.reset();
    w.run();
    BOOST_CHECK_EQUAL(w.held(), 0u);
}

BOOST_AUTO_TEST_CASE(Z2_many_contexts_come_and_go) {
    world w;
    auto held = w.now(w.locks->lock("a"));
    for (int i = 0; i < 50; ++i) {
        std::vector<std::unique_ptr<asio::io_context>> contexts;
        for (int c = 0; c < 12; ++c) {
            contexts.push_back(std::make_unique<asio::io_context>());
            start(contexts.back()->get_executor(), w.locks->lock("a", {.wait = forever}));
            contexts.back()->poll();
        }
    }
    BOOST_CHECK_EQUAL(w.memory->statistics().waiting, 0u);
}

BOOST_AUTO_TEST_SUITE_END()
