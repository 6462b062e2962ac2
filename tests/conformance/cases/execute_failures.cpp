#include "../scene.hpp"
#include "../suite.hpp"

#include <colock/lease.hpp>

#include <boost/asio/deferred.hpp>

#include <string_view>

namespace colock::conformance {
namespace {

void E6_cancelling_it_cancels_the_wait(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    bool ran = false;
    const auto job = [&] { ran = true; };
    auto waiting = s.queue(s.locks->execute("a", job, {.timeout = forever}), "a");
    waiting.cancel();
    COLOCK_CHECK(s.error_of(waiting) == asio::error::operation_aborted);
    s.until([&] { return s.waiters("a") == 0; }, "the call had left its queue");
    COLOCK_CHECK(s.now(held.release()));
    COLOCK_CHECK(s.is_free("a"));
    COLOCK_CHECK(!ran);
}

void E6_cancelling_it_cancels_the_job_and_releases(scene& s) {
    bool began = false;
    const auto job = [&]() -> asio::awaitable<void> {
        began = true;
        co_await endless();
    };
    auto running = s.start(s.locks->execute("a", job, {.timeout = forever}));
    s.until([&] { return began || running.done(); }, "the job ran");
    running.cancel();
    COLOCK_CHECK(s.error_of(running) == asio::error::operation_aborted);
    COLOCK_CHECK(s.is_free("a")); // it had been released when the call ended
}

void E6_a_cancelled_call_waits_for_a_job_that_ignores_it(scene& s) {
    stubborn_job job;
    auto running = s.start(s.locks->execute("a", job, {.timeout = forever}));
    s.until([&] { return job.running() || running.done(); }, "the job ran");
    running.cancel();
    s.pass(s.unit);
    COLOCK_CHECK(!running.done());
    COLOCK_CHECK(!s.is_free("a"));
    job.end();
    COLOCK_CHECK(s.error_of(running) == asio::error::operation_aborted);
    COLOCK_CHECK(s.is_free("a"));
}

void E6_cancelled_at_every_step(scene& s) {
    int ended = 0;
    for (int steps = 0; steps < 300 && ended < 3; ++steps) {
        bool inside = false;
        const auto job = [&]() -> asio::awaitable<void> {
            inside = true;
            co_await asio::post(asio::deferred);
            inside = false;
        };
        auto call = colock_test::start(s.io.get_executor(), s.locks->execute("a", job));
        for (int i = 0; i < steps && !call.done(); ++i) {
            s.io.restart();
            s.io.run_one_for(2ms);
        }
        ended += call.done();
        call.cancel();
        const auto error = s.error_of(call);
        COLOCK_CHECK(!error || error == asio::error::operation_aborted);
        s.until([&] { return s.is_free("a"); }, "nothing was left of the call");
    }
    COLOCK_CHECK(ended == 3);
}

void E8_lease_lost_comes_before_all_else(scene& s) {
    stubborn_job job;
    auto running = s.start(s.locks->execute("a", job, {.timeout = s.unit, .grace = 1h}));
    s.until([&] { return job.running() || running.done(); }, "the job ran");
    s.pass(2 * s.unit); // timed out as well
    COLOCK_CHECK(s.now(s.locks->release_all()) == 1);
    job.end();
    COLOCK_CHECK(s.error_of(running) == errc::lease_lost);

    const auto throws = [&]() -> asio::awaitable<void> {
        co_await s.locks->release_all();
        throw std::logic_error("mine");
    };
    COLOCK_CHECK(s.error_of(s.locks->execute("a", throws)) == errc::lease_lost);
    const auto breaks = [&]() -> asio::awaitable<int> {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        co_await s.locks->release_all();
        co_return 5;
    };
    COLOCK_CHECK(s.error_of(s.locks->execute("a", breaks)) == errc::lease_lost);
}

void E8_the_jobs_own_exception_comes_before_the_timeout(scene& s) {
    const auto throws = [&]() -> asio::awaitable<void> {
        try {
            co_await endless();
        } catch (const boost::system::system_error&) {
            throw std::logic_error("mine");
        }
    };
    try {
        s.now(s.locks->execute("a", throws, {.timeout = s.unit}));
        s.note(false, "the exception was lost", __FILE__, __LINE__);
    } catch (const std::logic_error& e) {
        COLOCK_CHECK(std::string_view(e.what()) == "mine");
    }
    COLOCK_CHECK(s.is_free("a"));
}

void E8_an_abort_of_the_jobs_own_is_its_exception(scene& s) {
    const auto aborted = []() -> asio::awaitable<void> {
        throw boost::system::system_error(asio::error::operation_aborted, "by myself");
        co_return;
    };
    try {
        s.now(s.locks->execute("a", aborted));
        s.note(false, "the exception was lost", __FILE__, __LINE__);
    } catch (const boost::system::system_error& e) {
        COLOCK_CHECK(std::string_view(e.what()).starts_with("by myself"));
    }
}

void E8_a_value_that_comes_too_late_is_a_timeout(scene& s) {
    stubborn_job job;
    auto running = s.start(s.locks->execute("a", job, {.timeout = 2 * s.unit, .grace = 1h}));
    const auto called = time::now();
    s.until([&] { return job.running() || running.done(); }, "the job ran");
    s.pass(2 * s.unit - (time::now() - called) + s.who.precision + 1ms);
    job.end();
    COLOCK_CHECK(s.error_of(running) == errc::timed_out);
    COLOCK_CHECK(s.is_free("a"));
}

} // namespace

std::span<const test_case> execute_failure_cases() {
    static constexpr test_case all[] = {
        COLOCK_CASE(E6_cancelling_it_cancels_the_wait, feature::waiting, feature::listing),
        COLOCK_CASE(E6_cancelling_it_cancels_the_job_and_releases),
        COLOCK_CASE(E6_a_cancelled_call_waits_for_a_job_that_ignores_it),
        COLOCK_CASE(E6_cancelled_at_every_step),
        COLOCK_CASE(E8_lease_lost_comes_before_all_else),
        COLOCK_CASE(E8_the_jobs_own_exception_comes_before_the_timeout),
        COLOCK_CASE(E8_an_abort_of_the_jobs_own_is_its_exception),
        COLOCK_CASE(E8_a_value_that_comes_too_late_is_a_timeout),
    };
    return all;
}

} // namespace colock::conformance
