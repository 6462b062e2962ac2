#include "../scene.hpp"
#include "../suite.hpp"

#include <colock/lease.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <memory>
#include <thread>

namespace colock::conformance {
namespace {

void E1_nobody_can_release_it(scene& s) {
    stubborn_job job;
    auto running = s.start(s.locks->execute("a", job));
    s.until([&] { return job.running(); }, "the job ran");
    COLOCK_CHECK(!s.now(s.locks->release("a")));
    COLOCK_CHECK(!s.now(s.locks->release("a", {.owner = "me"})));
    COLOCK_CHECK(!s.is_free("a"));
    job.end();
    COLOCK_CHECK(s.finish(running) == 7);
    COLOCK_CHECK(s.is_free("a"));
}

void E1_it_does_not_enter_again(scene& s) {
    const auto inner = [] {};
    const auto outer = [&]() -> asio::awaitable<void> {
        co_await s.locks->execute("a", inner, {.wait = 0s});
    };
    COLOCK_CHECK(s.error_of(s.locks->execute("a", outer)) == errc::already_locked);
    COLOCK_CHECK(s.is_free("a"));
}

void E2_a_waiter_gives_up_at_the_timeout_and_its_job_never_starts(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    bool ran = false;
    const auto job = [&] { ran = true; };
    const auto before = time::now();
    COLOCK_CHECK(s.error_of(s.locks->execute("a", job, {.timeout = s.unit})) == errc::timed_out);
    COLOCK_CHECK(time::now() - before >= s.unit - s.who.precision);
    COLOCK_CHECK(s.now(held.release()));
    s.pass(s.unit);
    COLOCK_CHECK(!ran);
    COLOCK_CHECK(s.is_free("a"));
}

void E2_zero_and_negative_mean_the_default(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    const auto job = [] {};
    auto zero = s.queue(s.locks->execute("a", job, {.timeout = 0s}), "a");
    auto negative = s.queue(s.locks->execute("a", job, {.timeout = -1s}), "a");
    COLOCK_CHECK(s.now(held.release()));
    COLOCK_CHECK(!s.error_of(zero));
    COLOCK_CHECK(!s.error_of(negative));
}

void E2_a_job_is_cancelled_at_the_timeout_and_unwinds_under_the_lock(scene& s) {
    bool under_lock = false;
    bool unwound = false;
    const auto job = [&]() -> asio::awaitable<void> {
        try {
            co_await endless();
        } catch (const boost::system::system_error&) {
        }
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        const auto other = co_await s.locks->try_lock("a");
        under_lock = !other;
        unwound = true;
    };
    const auto before = time::now();
    COLOCK_CHECK(s.error_of(s.locks->execute("a", job, {.timeout = s.unit, .grace = 1h})) == errc::timed_out);
    COLOCK_CHECK(time::now() - before >= s.unit - s.who.precision);
    COLOCK_CHECK(unwound);
    COLOCK_CHECK(under_lock);
    COLOCK_CHECK(s.is_free("a"));
}

void E2_the_timeout_counts_waiting_and_running_together(scene& s) {
    const auto job = [] { return endless(); };
    const auto late = [&]() -> duration {
        auto held = s.now(s.locks->lock("a"));
        const auto before = time::now();
        auto running = s.start(s.locks->execute("a", job, {.timeout = 3 * s.unit}));
        s.pass(2 * s.unit);
        s.now(held.release());
        COLOCK_CHECK(s.error_of(running) == errc::timed_out);
        const auto took = time::now() - before;
        COLOCK_CHECK(took >= 3 * s.unit - s.who.precision);
        return took - 3 * s.unit;
    };
    COLOCK_CHECK(often_within(3 * s.unit / 2, late));
}

void E2_a_job_that_ignores_cancellation_loses_the_lock_after_its_grace(scene& s) {
    stubborn_job job;
    const auto before = time::now();
    auto running = s.start(s.locks->execute("a", job, {.timeout = 3 * s.unit, .grace = 2 * s.unit}));
    s.until([&] { return job.running() || running.done(); }, "the job ran");
    auto next = s.start(s.locks->lock("a", {.wait = forever}));
    auto taken = s.finish(next); // another has it
    COLOCK_CHECK(time::now() - before >= 5 * s.unit - s.who.precision);
    COLOCK_CHECK(!running.done()); // but the call does not return before its job
    COLOCK_CHECK(job.running());
    job.end();
    COLOCK_CHECK(s.error_of(running) == errc::timed_out);
    COLOCK_CHECK(!taken.lost());
    COLOCK_CHECK(!s.is_free("a"));
    COLOCK_CHECK(s.now(taken.release()));
}

void E2_a_plain_function_that_is_late_times_out(scene& s) {
    const auto job = [&] { std::this_thread::sleep_for(s.unit + s.who.precision + 1ms); };
    COLOCK_CHECK(s.error_of(s.locks->execute("a", job, {.timeout = s.unit, .grace = 1h})) == errc::timed_out);
    COLOCK_CHECK(s.is_free("a"));
}

void E3_wait_bounds_the_waiting_alone(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    const auto nothing = [] {};
    COLOCK_CHECK(s.error_of(s.locks->execute("a", nothing, {.wait = 0s})) == errc::already_locked);
    const auto before = time::now();
    COLOCK_CHECK(s.error_of(s.locks->execute("a", nothing, {.wait = s.unit})) == errc::timed_out);
    COLOCK_CHECK(time::now() - before >= s.unit - s.who.precision);
    COLOCK_CHECK(s.now(held.release()));
    stubborn_job job;
    auto running = s.start(s.locks->execute("a", job, {.timeout = 1h, .wait = s.unit}));
    s.until([&] { return job.running() || running.done(); }, "the job ran");
    s.pass(2 * s.unit);
    job.end();
    COLOCK_CHECK(!s.error_of(running));
}

void E4_results_and_exceptions_pass_through_after_the_release(scene& s) {
    const auto number = []() -> asio::awaitable<int> { co_return 42; };
    COLOCK_CHECK(s.now(s.locks->execute("a", number)) == 42);
    COLOCK_CHECK(s.is_free("a"));
    const auto owned = [] { return std::make_unique<int>(43); };
    COLOCK_CHECK(*s.now(s.locks->execute("a", owned)) == 43);
    const auto throws = []() -> asio::awaitable<void> {
        co_await asio::post(asio::deferred);
        throw std::logic_error("mine");
    };
    const auto throws_plainly = [] { throw std::logic_error("mine"); };
    for (const bool plain : {true, false})
        try {
            s.now(plain ? s.locks->execute("a", throws_plainly) : s.locks->execute("a", throws));
            s.note(false, "the exception was lost", __FILE__, __LINE__);
        } catch (const std::logic_error& e) {
            COLOCK_CHECK(std::string_view(e.what()) == "mine");
            COLOCK_CHECK(s.is_free("a"));
        }
}

void E5_a_job_may_take_its_lease(scene& s) {
    std::uint64_t before = s.now(s.locks->lock("b")).token();
    const auto coroutine = [&](lease& mine) -> asio::awaitable<std::uint64_t> {
        COLOCK_CHECK(!mine.lost());
        COLOCK_CHECK(mine.remaining() > duration::zero() && mine.remaining() <= 1h);
        COLOCK_CHECK(mine.grant().keys() == key_set("a"));
        COLOCK_CHECK(mine.grant().token() == mine.token());
        co_return mine.token();
    };
    const auto first = s.now(s.locks->execute("a", coroutine, {.timeout = 1h}));
    COLOCK_CHECK(first > before);
    const auto plain = [](lease& mine) { return mine.token(); };
    COLOCK_CHECK(s.now(s.locks->execute("a", plain)) > first);
}

void E5_nested_calls_on_other_keys(scene& s) {
    const auto inner = [] { return 5; };
    const auto outer = [&]() -> asio::awaitable<int> { co_return co_await s.locks->execute("b", inner); };
    COLOCK_CHECK(s.now(s.locks->execute("a", outer)) == 5);
    COLOCK_CHECK(s.is_free(keys("a", "b")));
}

// The deadline reaches jobs that run on other threads than it does, while they suspend and resume all the
// time.
void E7_on_a_bare_pool_of_threads(scene& s) {
    const auto busy = []() -> asio::awaitable<void> {
        for (;;)
            co_await asio::post(asio::use_awaitable);
    };
    constexpr int calls = 12;
    std::atomic<int> ended{0};
    std::atomic<int> failed{0};
    asio::thread_pool pool(3);
    for (int i = 0; i < calls; ++i)
        asio::co_spawn(pool,
                       s.locks->execute("a" + std::to_string(i % 4), busy,
                                        {.timeout = (1 + i % 3) * s.unit, .grace = 1h}),
                       [&](std::exception_ptr e) {
                           failed += e != nullptr;
                           ++ended;
                       });
    s.until([&] { return ended == calls; }, "the jobs had been cancelled");
    pool.join();
    COLOCK_CHECK(failed == calls);
}

void E7_a_job_runs_on_its_callers_strand_if_there_is_one(scene& s) {
    const auto strand = asio::make_strand(s.io);
    const auto job = [&]() -> asio::awaitable<bool> {
        co_await asio::post(asio::use_awaitable);
        co_return strand.running_in_this_thread();
    };
    auto on_strand = colock_test::start(strand, s.locks->execute("a", job));
    COLOCK_CHECK(s.finish(on_strand));
    COLOCK_CHECK(!s.now(s.locks->execute("a", job)));
}

} // namespace

std::span<const test_case> execute_cases() {
    static constexpr test_case all[] = {
        COLOCK_CASE(E1_nobody_can_release_it),
        COLOCK_CASE(E1_it_does_not_enter_again),
        COLOCK_CASE(E2_a_waiter_gives_up_at_the_timeout_and_its_job_never_starts, feature::waiting),
        COLOCK_CASE(E2_zero_and_negative_mean_the_default, feature::waiting, feature::listing),
        COLOCK_CASE(E2_a_job_is_cancelled_at_the_timeout_and_unwinds_under_the_lock),
        COLOCK_CASE(E2_the_timeout_counts_waiting_and_running_together, feature::waiting),
        COLOCK_CASE(E2_a_job_that_ignores_cancellation_loses_the_lock_after_its_grace, feature::waiting),
        COLOCK_CASE(E2_a_plain_function_that_is_late_times_out),
        COLOCK_CASE(E3_wait_bounds_the_waiting_alone, feature::waiting),
        COLOCK_CASE(E4_results_and_exceptions_pass_through_after_the_release),
        COLOCK_CASE(E5_a_job_may_take_its_lease),
        COLOCK_CASE(E5_nested_calls_on_other_keys),
        COLOCK_CASE(E7_on_a_bare_pool_of_threads),
        COLOCK_CASE(E7_a_job_runs_on_its_callers_strand_if_there_is_one),
    };
    return all;
}

} // namespace colock::conformance
