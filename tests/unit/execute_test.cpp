#include "fixture.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

BOOST_AUTO_TEST_SUITE(execute)

using namespace colock_test;
using colock::forever;

/// Ends when it is told to, whatever cancellation says.
struct unstoppable {
    explicit unstoppable(asio::io_context& io) : timer(io, asio::steady_timer::time_point::max()) {}
    asio::awaitable<int> operator()() {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        running = true;
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        running = false;
        co_return 7;
    }
    asio::steady_timer timer;
    bool running = false;
};

BOOST_AUTO_TEST_CASE(E2_a_waiter_gives_up_at_the_timeout_and_its_job_never_starts) {
    world w;
    auto held = w.now(w.locks->lock("a"));
    bool ran = false;
    auto waiting = w.start(w.locks->execute("a", [&] { ran = true; }, {.timeout = 2s}));
    w.advance(2s - 1ns);
    BOOST_CHECK(!waiting.done());
    w.advance(1ns);
    BOOST_CHECK(waiting.error() == errc::timed_out);
    held.reset();
    w.run();
    BOOST_CHECK(!ran);
}

BOOST_AUTO_TEST_CASE(E2_zero_and_negative_mean_the_default_of_five_seconds) {
    world w;
    auto held = w.now(w.locks->lock("a"));
    auto zero = w.start(w.locks->execute("a", [] {}, {.timeout = 0s}));
    auto negative = w.start(w.locks->execute("a", [] {}, {.timeout = -1s}));
    auto none = w.start(w.locks->execute("a", [] {}));
    w.advance(5s - 1ns);
    BOOST_CHECK(!zero.done() && !negative.done() && !none.done());
    w.advance(1ns);
    BOOST_CHECK(zero.error() == errc::timed_out);
    BOOST_CHECK(negative.error() == errc::timed_out);
    BOOST_CHECK(none.error() == errc::timed_out);
}

BOOST_AUTO_TEST_CASE(E2_a_running_job_is_cancelled_and_the_lock_released_when_it_has_unwound) {
    world w;
    bool cleaned_up_under_lock = false;
    struct at_exit {
        world& w;
        bool& under_lock;
        ~at_exit() { under_lock = !w.memory->try_lock("a"); }
    };
    const auto job = [&]() -> asio::awaitable<void> {
        const at_exit check{w, cleaned_up_under_lock};
        co_await endless();
    };
    auto running = w.start(w.locks->execute("a", job, {.timeout = 2s}));
    w.advance(1s);
    BOOST_CHECK(!running.done());
    w.advance(1s);
    BOOST_CHECK(running.error() == errc::timed_out);
    BOOST_CHECK(cleaned_up_under_lock);
    BOOST_CHECK_EQUAL(w.held(), 0u);
}

BOOST_AUTO_TEST_CASE(E2_the_timeout_counts_waiting_and_running_together) {
    world w;
    auto held = w.now(w.locks->lock("a"));
    auto running = w.start(w.locks->execute("a", [] { return endless(); }, {.timeout = 2s}));
    w.advance(1500ms);
    held.reset();
    w.run();
    BOOST_CHECK_EQUAL(w.now(w.locks->list()).at(0).holders.size(), 1u);
    w.advance(500ms);
    BOOST_CHECK(running.error() == errc::timed_out);
}

BOOST_AUTO_TEST_CASE(E2_a_job_that_ignores_cancellation_loses_the_lock_after_its_grace) {
    world w;
    unstoppable job(w.io);
    auto running = w.start(w.locks->execute("a", job, {.timeout = 2s, .grace = 3s}));
    auto next = w.start(w.locks->lock("a", {.wait = forever}));
    w.advance(5s - 1ns);
    BOOST_CHECK(!next.done());
    w.advance(1ns);
    BOOST_CHECK(next.done());     // another has it
    BOOST_CHECK(!running.done()); // but the call does not return before its job
    BOOST_CHECK(job.running);
    job.timer.cancel();
    w.run();
    BOOST_CHECK(running.error() == errc::timed_out);
    BOOST_CHECK(!next.get().lost());
}

BOOST_AUTO_TEST_CASE(E2_without_a_timeout_a_job_runs_as_long_as_it_likes) {
    world w;
    unstoppable job(w.io);
    auto running = w.start(w.locks->execute("a", job, {.timeout = forever}));
    w.advance(24h);
    job.timer.cancel();
    w.run();
    BOOST_CHECK_EQUAL(running.get(), 7);
}

BOOST_AUTO_TEST_CASE(E2_a_plain_function_that_is_late_times_out) {
    world w;
    auto running =
        w.start(w.locks->execute("a", [&] { w.clock->advance(2s); }, {.timeout = 1s, .grace = 5s}));
    BOOST_CHECK(running.error() == errc::timed_out);
    const auto overdue = [&] {
        w.clock->advance(2s);
        BOOST_CHECK(w.memory->try_lock("a")); // it has lost the lock
    };
    auto longer = w.start(w.locks->execute("a", overdue, {.timeout = 1s, .grace = 1s}));
    BOOST_CHECK(longer.error() == errc::timed_out);
    BOOST_CHECK_EQUAL(w.held(), 0u);
}

BOOST_AUTO_TEST_CASE(E3_wait_bounds_the_waiting_alone) {
    world w;
    auto held = w.now(w.locks->lock("a"));
    auto at_once = w.start(w.locks->execute("a", [] {}, {.wait = 0s}));
    BOOST_CHECK(at_once.error() == errc::already_locked);
    auto a_second = w.start(w.locks->execute("a", [] {}, {.wait = 1s}));
    w.advance(1s);
    BOOST_CHECK(a_second.error() == errc::timed_out);
    held.reset();
    unstoppable job(w.io);
    auto longer = w.start(w.locks->execute("a", job, {.wait = 1s}));
    w.advance(4s);
    job.timer.cancel();
    w.run();
    BOOST_CHECK_EQUAL(longer.get(), 7);
}

BOOST_AUTO_TEST_CASE(E4_results_of_any_type) {
    world w;
    auto& locks = *w.locks;
    struct no_default {
        explicit no_default(std::string s) : text(std::move(s)) {}
        std::string text;
    };
    const auto all = [&]() -> asio::awaitable<void> {
        co_await locks.execute("a", [] {});
        co_await locks.execute("a", []() -> asio::awaitable<void> { co_return; });
        const int number = co_await locks.execute("a", []() -> asio::awaitable<int> { co_return 42; });
        BOOST_CHECK_EQUAL(number, 42);
        const auto owned = co_await locks.execute(
            "a", []() -> asio::awaitable<std::unique_ptr<int>> { co_return std::make_unique<int>(43); });
        BOOST_CHECK_EQUAL(*owned, 43);
        const auto odd = co_await locks.execute("a", [] { return no_default("text"); });
        BOOST_CHECK_EQUAL(odd.text, "text");
        const auto odd_too = co_await locks.execute(
            "a", []() -> asio::awaitable<std::optional<no_default>> { co_return no_default("more text"); });
        BOOST_CHECK_EQUAL(odd_too->text, "more text");
    };
    w.now(all());
}

BOOST_AUTO_TEST_CASE(E5_a_job_may_take_its_lease) {
    world w;
    const auto coroutine = [&](colock::lease& lease) -> asio::awaitable<std::uint64_t> {
        BOOST_CHECK(!lease.lost());
        BOOST_CHECK(lease.remaining() == 5s);
        BOOST_CHECK(lease.grant().keys() == colock::key_set("a"));
        w.clock->advance(1s);
        BOOST_CHECK(lease.remaining() == 4s);
        co_return lease.token();
    };
    const auto first = w.now(w.locks->execute("a", coroutine));
    const auto plain = [](colock::lease& lease) { return lease.token(); };
    const auto second = w.now(w.locks->execute("a", plain));
    BOOST_CHECK_GT(second, first);
    const auto unlimited = [](colock::lease& lease) { return lease.remaining(); };
    BOOST_CHECK(w.now(w.locks->execute("a", unlimited, {.timeout = forever})) == forever);
}

BOOST_AUTO_TEST_CASE(E5_nested_calls_on_other_keys) {
    world w;
    const auto inner = [&]() -> asio::awaitable<int> {
        const auto held = w.now(w.locks->list());
        co_return static_cast<int>(held.size());
    };
    const auto outer = [&]() -> asio::awaitable<int> { co_return co_await w.locks->execute("b", inner); };
    BOOST_CHECK_EQUAL(w.now(w.locks->execute("a", outer)), 2);
    const auto same = [&]() -> asio::awaitable<void> { co_await w.locks->execute("a", [] {}, {.wait = 0s}); };
    BOOST_CHECK(fails_with(errc::already_locked, [&] { w.now(w.locks->execute("a", same)); }));
    BOOST_CHECK_EQUAL(w.held(), 0u);
}

BOOST_AUTO_TEST_CASE(E6_a_cancelled_call_waits_for_a_job_that_ignores_it) {
    world w;
    unstoppable job(w.io);
    auto running = w.start(w.locks->execute("a", job));
    running.cancel();
    w.run();
    BOOST_CHECK(!running.done());
    BOOST_CHECK_EQUAL(w.held(), 1u);
    job.timer.cancel();
    w.run();
    BOOST_CHECK(running.error() == asio::error::operation_aborted);
    BOOST_CHECK_EQUAL(w.held(), 0u);
}

BOOST_AUTO_TEST_CASE(E6_cancelled_before_its_job_begins) {
    asio::thread_pool pool(2);
    colock::locking_service locks(pool.get_executor());
    const auto call = [&]() -> asio::awaitable<void> {
        co_await locks.execute("a", [] { return endless(); });
    };
    for (int i = 0; i < 500; ++i) {
        const auto strand = asio::make_strand(pool);
        auto signal = std::make_shared<asio::cancellation_signal>();
        std::promise<bool> ended;
        asio::co_spawn(strand, call(),
                       asio::bind_cancellation_slot(
                           signal->slot(), [&](std::exception_ptr e) { ended.set_value(e != nullptr); }));
        // at some moment of its start
        asio::post(strand, [signal] { signal->emit(asio::cancellation_type::terminal); });
        BOOST_REQUIRE(ended.get_future().get());
    }
    pool.join();
    auto& memory = dynamic_cast<colock::memory_provider&>(locks.get_provider());
    BOOST_CHECK_EQUAL(memory.statistics().held, 0u);
}

// Deadline, loss and outside cancellation reach a job that runs on other threads than they do, which the
// thread sanitizer watches. The jobs do what a cancellation may race with: they suspend and resume all the
// time.
BOOST_AUTO_TEST_CASE(E7_on_a_bare_pool_of_threads) {
    asio::thread_pool pool(3);
    colock::locking_service locks(pool.get_executor());
    std::atomic<int> ended{0};
    std::atomic<int> failed{0};
    const auto busy = []() -> asio::awaitable<void> {
        for (;;)
            co_await asio::post(asio::use_awaitable);
    };
    constexpr int calls = 60;
    for (int i = 0; i < calls; ++i)
        asio::co_spawn(pool, locks.execute("a", busy, {.timeout = 300us * (1 + i % 7), .grace = 10s}),
                       [&](std::exception_ptr e) {
                           failed += e != nullptr;
                           ++ended;
                       });
    std::thread breaking([&] {
        while (ended < calls / 2) {
            asio::co_spawn(pool, locks.release_all(), asio::use_future).get();
            std::this_thread::yield();
        }
    });
    breaking.join();
    pool.join();
    BOOST_CHECK_EQUAL(failed.load(), calls);
}

BOOST_AUTO_TEST_CASE(E7_a_job_runs_on_its_callers_strand_if_there_is_one) {
    asio::thread_pool pool(2);
    colock::locking_service locks(pool.get_executor());
    const auto strand = asio::make_strand(pool);
    const auto job = [&]() -> asio::awaitable<bool> {
        co_await asio::post(asio::use_awaitable);
        co_return strand.running_in_this_thread();
    };
    BOOST_CHECK(asio::co_spawn(strand, locks.execute("a", job), asio::use_future).get());
    BOOST_CHECK(!asio::co_spawn(pool, locks.execute("a", job), asio::use_future).get());
}

BOOST_AUTO_TEST_CASE(E8_lease_lost_comes_before_all_else) {
    world w;
    unstoppable job(w.io);
    auto running = w.start(w.locks->execute("a", job, {.timeout = 1s, .grace = 10s}));
    w.advance(1s); // timed out as well
    w.now(w.locks->release_all());
    job.timer.cancel();
    w.run();
    BOOST_CHECK(running.error() == errc::lease_lost);

    const auto throws = [&]() -> asio::awaitable<void> {
        try {
            co_await endless();
        } catch (const boost::system::system_error&) {
        }
        throw std::logic_error("mine");
    };
    auto throwing = w.start(w.locks->execute("a", throws));
    w.now(w.locks->release_all());
    w.run();
    BOOST_CHECK(fails_with(errc::lease_lost, [&] { throwing.get(); }));
}

BOOST_AUTO_TEST_CASE(E8_a_lost_lock_cancels_the_job) {
    world w;
    auto running = w.start(w.locks->execute("a", [] { return endless(); }, {.timeout = forever}));
    w.now(w.locks->release_all());
    w.run();
    BOOST_CHECK(running.error() == errc::lease_lost);
    const auto plain = [&] { w.now(w.locks->release_all()); };
    BOOST_CHECK(fails_with(errc::lease_lost, [&] { w.now(w.locks->execute("a", plain)); }));
}

BOOST_AUTO_TEST_CASE(E8_the_jobs_own_exception_comes_before_the_timeout) {
    world w;
    const auto throws = [&]() -> asio::awaitable<void> {
        try {
            co_await endless();
        } catch (const boost::system::system_error&) {
            throw std::logic_error("mine");
        }
    };
    auto running = w.start(w.locks->execute("a", throws, {.timeout = 1s}));
    w.advance(1s);
    BOOST_CHECK_THROW(running.get(), std::logic_error);
    const auto late = [&] {
        w.clock->advance(2s);
        throw std::logic_error("mine");
    };
    BOOST_CHECK_THROW(w.now(w.locks->execute("a", late, {.timeout = 1s})), std::logic_error);
}

BOOST_AUTO_TEST_CASE(E8_a_value_that_comes_too_late_is_a_timeout) {
    world w;
    unstoppable job(w.io);
    auto running = w.start(w.locks->execute("a", job, {.timeout = 1s, .grace = 10s}));
    w.advance(1s);
    job.timer.cancel();
    w.run();
    BOOST_CHECK(running.error() == errc::timed_out);
}

BOOST_AUTO_TEST_SUITE_END()
