// What the executor that a coroutine job of `execute` runs on does, and that nothing of a job reaches the
// next one, which may run in the same coroutine.

#include "fixture.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

using namespace colock_test;

namespace {

asio::awaitable<asio::any_io_executor> own_executor() {
    co_return co_await asio::this_coro::executor;
}

asio::any_io_executor tracked(const asio::any_io_executor& ex) {
    return asio::prefer(ex, asio::execution::outstanding_work.tracked);
}

} // namespace

BOOST_AUTO_TEST_SUITE(job_executor_test)

BOOST_AUTO_TEST_CASE(E7_it_is_of_the_callers_context) {
    colock::locking_service locks(asio::system_executor{});
    for (int round = 0; round < 3; ++round) { // contexts come and go, the runner stays
        asio::io_context one;
        asio::thread_pool two(1);
        auto in_one = start(one.get_executor(), locks.execute("a", own_executor));
        one.run();
        BOOST_CHECK(&asio::query(in_one.get(), asio::execution::context) == &one);
        auto in_two = asio::co_spawn(two, locks.execute("a", own_executor), asio::use_future);
        BOOST_CHECK(&asio::query(in_two.get(), asio::execution::context) == &two);
    }
}

BOOST_AUTO_TEST_CASE(E7_it_runs_one_thing_at_a_time_in_order) {
    world w;
    std::string said;
    const auto job = [&]() -> asio::awaitable<void> {
        const auto ex = co_await asio::this_coro::executor;
        asio::post(ex, [&, ex] {
            said += "a";
            asio::post(ex, [&] { said += "e"; });
            asio::dispatch(ex, [&] { said += "b"; }); // it is in there already: at once
            said += "c";
        });
        asio::post(ex, [&] { said += "d"; });
        asio::dispatch(ex, [&] { said += "!"; });
        co_await asio::post(asio::use_awaitable);
        said += "_";
        co_await asio::post(asio::use_awaitable);
    };
    w.now(w.locks->execute("a", job));
    BOOST_CHECK_EQUAL(said, "!abcd_e");
}

BOOST_AUTO_TEST_CASE(E7_parts_of_a_job_do_not_run_at_the_same_time) {
    asio::thread_pool pool(4);
    colock::locking_service locks(pool.get_executor());
    int steps = 0; // not atomic: the thread sanitizer watches
    const auto walk = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < 500; ++i) {
            ++steps;
            co_await asio::post(asio::use_awaitable);
        }
    };
    const auto job = [&]() -> asio::awaitable<void> {
        using namespace asio::experimental::awaitable_operators;
        co_await (walk() && walk() && walk());
    };
    for (int i = 0; i < 10; ++i)
        asio::co_spawn(pool, locks.execute("a", job, {.timeout = colock::forever}), asio::use_future).get();
    BOOST_CHECK_EQUAL(steps, 15'000);
}

BOOST_AUTO_TEST_CASE(E7_others_of_the_context_get_their_turn) {
    world w;
    bool stop = false;
    const auto busy = [&]() -> asio::awaitable<void> {
        while (!stop)
            co_await asio::post(asio::use_awaitable);
    };
    auto running = start(w.io.get_executor(), w.locks->execute("a", busy));
    int turns = 0;
    std::function<void()> other = [&] {
        if (++turns == 100)
            stop = true;
        else
            asio::post(w.io, other);
    };
    asio::post(w.io, other);
    w.run();
    BOOST_CHECK(running.done());
}

BOOST_AUTO_TEST_CASE(E7_what_throws_in_it_reaches_run_and_leaves_the_rest_alone) {
    world w;
    std::string said;
    const auto job = [&]() -> asio::awaitable<void> {
        const auto ex = co_await asio::this_coro::executor;
        asio::post(ex, [&, ex] {
            said += "a";
            asio::post(ex, [&] { said += "e"; });
        });
        asio::post(ex, [] { throw std::logic_error("mine"); });
        asio::post(ex, [&] { said += "b"; });
        asio::post(ex, [&, ex] { asio::post(ex, [&] { said += "d"; }); });
        asio::post(ex, [&] { said += "c"; });
        co_await asio::post(asio::use_awaitable);
        said += "_";
        co_await asio::post(asio::use_awaitable);
    };
    auto running = start(w.io.get_executor(), w.locks->execute("a", job));
    BOOST_CHECK_THROW(w.run(), std::logic_error);
    BOOST_CHECK_EQUAL(said, "a");
    w.run();
    BOOST_CHECK_EQUAL(said, "abc_ed");
    BOOST_CHECK(running.done() && !running.failed());
}

BOOST_AUTO_TEST_CASE(E7_what_counts_as_work_of_it_keeps_the_context_at_work) {
    world w;
    auto kept = tracked(w.now(w.locks->execute("a", own_executor)));
    w.run();
    BOOST_CHECK(!w.io.stopped());
    auto copy = kept;
    kept = {};
    w.run();
    BOOST_CHECK(!w.io.stopped());
    const asio::any_io_executor not_work = asio::prefer(copy, asio::execution::outstanding_work.untracked);
    copy = {};
    w.run();
    BOOST_CHECK(w.io.stopped());
    w.io.restart();
    copy = tracked(not_work); // and again
    w.run();
    BOOST_CHECK(!w.io.stopped());
    copy = {};
    bool ran = false;
    asio::post(not_work, [&] { ran = true; });
    w.run();
    BOOST_CHECK(ran);
    BOOST_CHECK(w.io.stopped());
}

BOOST_AUTO_TEST_CASE(E7_what_a_job_leaves_behind_goes_on_as_it_was) {
    asio::thread_pool pool(1);
    world w;
    asio::steady_timer gate(w.io, asio::steady_timer::time_point::max());
    const asio::execution_context* where = nullptr;
    const auto rest = [&]() -> asio::awaitable<void> {
        try {
            co_await gate.async_wait(asio::use_awaitable);
        } catch (const boost::system::system_error&) {
        }
        where = &asio::query(co_await asio::this_coro::executor, asio::execution::context);
    };
    const auto job = [&]() -> asio::awaitable<void> {
        asio::co_spawn(co_await asio::this_coro::executor, rest(), asio::detached);
    };
    w.now(w.locks->execute("a", job));
    // the next job of this thread is somewhere else
    asio::io_context other;
    auto next = start(other.get_executor(), w.locks->execute("b", own_executor));
    other.run();
    BOOST_CHECK(next.done());
    gate.cancel();
    w.run();
    BOOST_CHECK(where == &w.io);
}

BOOST_AUTO_TEST_CASE(E6_a_job_begins_with_a_cancellation_state_of_its_own) {
    world w;
    const auto changes = []() -> asio::awaitable<void> {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        co_await asio::this_coro::throw_if_cancelled(false);
    };
    const auto looks = [](colock::lease&) -> asio::awaitable<bool> {
        co_return co_await asio::this_coro::throw_if_cancelled();
    };
    const auto waits = [&]() -> asio::awaitable<void> {
        asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
        co_await timer.async_wait(asio::use_awaitable);
    };
    for (int i = 0; i < 3; ++i) {
        w.now(w.locks->execute("a", changes));
        BOOST_CHECK(w.now(w.locks->execute("a", looks)));
        w.now(w.locks->execute("a", changes));
        auto running = w.start(w.locks->execute("a", waits));
        running.cancel();
        w.run();
        BOOST_CHECK(running.error() == asio::error::operation_aborted);
    }
}

BOOST_AUTO_TEST_CASE(E6_a_cancellation_that_comes_as_the_job_ends_reaches_no_other_job) {
    world w;
    for (int i = 0; i < 3; ++i) {
        std::optional<started<void>> first;
        const auto cancels_itself = [&]() -> asio::awaitable<void> {
            co_await asio::post(asio::use_awaitable);
            first->cancel(); // takes effect when this job has ended
        };
        first = start(w.io.get_executor(), w.locks->execute("a", cancels_itself));
        const auto hops = []() -> asio::awaitable<void> {
            for (int hop = 0; hop < 20; ++hop)
                co_await asio::post(asio::use_awaitable);
        };
        auto second = start(w.io.get_executor(), w.locks->execute("a", hops));
        w.run();
        BOOST_CHECK(first->error() == asio::error::operation_aborted);
        BOOST_CHECK(second.done() && !second.failed());
    }
}

// Jobs that end at about the moment when they are cancelled, by their deadline or with their lock, beside
// jobs that nobody cancels: these may run in the same coroutines next, and must never notice.
BOOST_AUTO_TEST_CASE(E6_a_late_cancellation_on_a_pool_reaches_no_other_job) {
    asio::thread_pool pool(3);
    colock::locking_service locks(pool.get_executor());
    std::atomic<int> disturbed{0};
    std::atomic<int> cancelled{0};
    std::atomic<int> left{6};
    const auto hops = []() -> asio::awaitable<void> {
        for (int hop = 0; hop < 10; ++hop)
            co_await asio::post(asio::use_awaitable);
    };
    const auto bystander = [&](std::string key) -> asio::awaitable<void> {
        while (left > 0) {
            try {
                co_await locks.execute(key, hops, {.timeout = colock::forever});
            } catch (const std::exception&) {
                ++disturbed;
            }
        }
    };
    const auto hasty = [&](std::string key) -> asio::awaitable<void> {
        for (int i = 0; i < 300; ++i) {
            try {
                co_await locks.execute(key, hops, {.timeout = std::chrono::microseconds(10 + i % 90)});
            } catch (const std::exception&) {
                ++cancelled;
            }
        }
        --left;
    };
    for (int i = 0; i < 6; ++i)
        asio::co_spawn(pool, hasty("hasty " + std::to_string(i)), asio::detached);
    for (int i = 0; i < 3; ++i)
        asio::co_spawn(pool, bystander("bystander " + std::to_string(i)), asio::detached);
    pool.join();
    BOOST_CHECK_EQUAL(disturbed.load(), 0);
    BOOST_CHECK_GT(cancelled.load(), 0);
    auto& memory = dynamic_cast<colock::memory_provider&>(locks.get_provider());
    BOOST_CHECK_EQUAL(memory.statistics().held, 0u);
}

BOOST_AUTO_TEST_CASE(E2_jobs_within_jobs_and_many_at_once) {
    world w;
    std::function<asio::awaitable<int>(int)> nest = [&](int depth) -> asio::awaitable<int> {
        if (depth == 0)
            co_return 0;
        const auto inner = [&]() -> asio::awaitable<int> { return nest(depth - 1); };
        const int below = co_await w.locks->execute(std::to_string(depth), inner);
        co_return below + 1;
    };
    BOOST_CHECK_EQUAL(w.now(nest(50)), 50); // more than a thread keeps
    BOOST_CHECK_EQUAL(w.now(nest(50)), 50);
    BOOST_CHECK_EQUAL(w.held(), 0u);
}

BOOST_AUTO_TEST_CASE(Z2_a_context_ends_under_a_job) {
    auto dropped = std::make_shared<int>();
    std::optional<world> w(std::in_place);
    const auto job = [&]() -> asio::awaitable<void> {
        const auto mine = dropped;
        asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
        co_await timer.async_wait(asio::use_awaitable);
    };
    const auto call = [&]() -> asio::awaitable<void> {
        const auto callers = dropped;
        co_await w->locks->execute("a", job);
    };
    auto running = w->start(call());
    BOOST_CHECK_EQUAL(dropped.use_count(), 3);
    w.reset();
    BOOST_CHECK_EQUAL(dropped.use_count(), 1);
    BOOST_CHECK(!running.done());
}

// The job has left its executor behind, so its coroutine is not for the next job, and is to end by a post to
// the context, which never runs it. (It is the leak sanitizer that would see it stay.)
BOOST_AUTO_TEST_CASE(Z2_a_context_ends_between_a_job_and_its_caller) {
    asio::any_io_executor left;
    {
        asio::io_context io;
        colock::locking_service locks(io.get_executor());
        const auto job = [&]() -> asio::awaitable<void> { left = co_await own_executor(); };
        auto running = start(io.get_executor(), locks.execute("a", job));
        while (!left)
            BOOST_REQUIRE_EQUAL(io.poll_one(), 1u);
        BOOST_CHECK(!running.done());
    }
}

BOOST_AUTO_TEST_SUITE_END()
