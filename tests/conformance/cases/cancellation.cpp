#include "../scene.hpp"
#include "../suite.hpp"

#include <boost/asio/deferred.hpp>

namespace colock::conformance {
namespace {

asio::awaitable<guard> lock_letting_all_through(locking_service& locks) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_return co_await locks.lock(keys("a", "b"), {.wait = forever});
}

void W4_cancellation_of_all_three_types(scene& s) {
    using type = asio::cancellation_type;
    const auto held = s.now(s.locks->lock("a"));
    for (const auto how : {type::terminal, type::partial, type::total}) {
        auto waiting = s.queue(lock_letting_all_through(*s.locks), "a");
        waiting.cancel(how);
        COLOCK_CHECK(s.error_of(waiting) == asio::error::operation_aborted);
        s.until([&] { return s.waiters("a") == 0 && s.listed() == 1; }, "the call had left its queues");
    }
}

void W4_the_callers_cancellation_state_is_left_alone(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    auto waiting = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    waiting.cancel(asio::cancellation_type::total); // a coroutine lets only terminal through by default
    COLOCK_CHECK(s.waiters("a") == 1);
    COLOCK_CHECK(!waiting.done());
    COLOCK_CHECK(s.now(held.release()));
    COLOCK_CHECK(!s.error_of(waiting));
}

void W4_a_cancelled_call_lets_the_next_one_pass(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    auto first = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    auto next = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    auto releasing = s.start(held.release());
    first.cancel();
    // Granted before it was cancelled or not: the next one gets it in the end.
    if (!s.error_of(first)) {
        auto mine = std::move(first.get());
        COLOCK_CHECK(s.now(mine.release()));
    }
    s.finish(releasing);
    auto last = s.finish(next);
    COLOCK_CHECK(s.now(last.release()));
    s.until_empty();
}

void W4_a_cancel_after_the_end_does_nothing(scene& s) {
    auto call = s.start(s.locks->lock("a"));
    s.finish(call);
    auto held = s.start(s.locks->lock("b"));
    s.until([&] { return held.done(); }, "a call ended");
    held.cancel();
    COLOCK_CHECK(!s.is_free("b"));
    COLOCK_CHECK(!held.get().lost());
}

// A call is cancelled after each number of steps, of its own and of the provider's, that it may take: it ends
// as granted or as cancelled, and either way nothing of it stays.
template<class Call>
void cancel_at_every_step(scene& s, Call call, bool contended) {
    int granted = 0;
    int cancelled = 0;
    for (int steps = 0; steps < 300 && granted < 3; ++steps) {
        std::optional<guard> other;
        if (contended)
            other = s.now(s.locks->lock("b"));
        auto taking = colock_test::start(s.io.get_executor(), call());
        std::optional<started<bool>> releasing;
        for (int i = 0; i < steps && !taking.done(); ++i) {
            if (contended && !releasing && i >= steps / 2)
                releasing = colock_test::start(s.io.get_executor(), other->release());
            s.io.restart();
            s.io.run_one_for(2ms);
        }
        const bool ended = taking.done();
        taking.cancel();
        const auto error = s.error_of(taking);
        if (ended)
            COLOCK_CHECK(!error);
        else
            COLOCK_CHECK(!error || error == asio::error::operation_aborted);
        ++(error ? cancelled : granted);
        if (!error)
            s.now(s.locks->release(taking.get()));
        if (releasing)
            s.finish(*releasing);
        else if (contended)
            COLOCK_CHECK(s.now(other->release()));
        s.until([&] { return s.is_free(keys("a", "b", "c")); }, "nothing was left of the call");
    }
    COLOCK_CHECK(granted == 3); // each call ends when it is left alone
    COLOCK_CHECK(cancelled > 0 || !contended);
}

void W4_cancelled_at_every_step_of_a_grant(scene& s) {
    const auto call = [&] { return s.locks->acquire(keys("a", "b", "c"), {.owner = "me", .wait = 1h}); };
    cancel_at_every_step(s, call, false);
}

void W4_cancelled_at_every_step_of_a_wait(scene& s) {
    const auto call = [&] { return s.locks->acquire(keys("a", "b", "c"), {.owner = "me", .wait = 1h}); };
    cancel_at_every_step(s, call, true);
}

void W4_many_cancelled_waits_leave_nothing(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    for (int round = 0; round < 5; ++round) {
        std::vector<started<guard>> all;
        for (int i = 0; i < 20; ++i)
            all.push_back(s.start(s.locks->lock(keys("a", "b"), {.wait = forever})));
        s.pass(s.unit / 10 * round);
        for (auto& each : all)
            each.cancel();
        for (auto& each : all)
            COLOCK_CHECK(s.error_of(each) == asio::error::operation_aborted);
    }
    COLOCK_CHECK(s.now(held.release()));
    s.until_empty();
    COLOCK_CHECK(s.is_free(keys("a", "b")));
}

} // namespace

std::span<const test_case> cancellation_cases() {
    static constexpr test_case all[] = {
        COLOCK_CASE(W4_cancellation_of_all_three_types, feature::waiting, feature::listing),
        COLOCK_CASE(W4_the_callers_cancellation_state_is_left_alone, feature::waiting, feature::listing),
        COLOCK_CASE(W4_a_cancelled_call_lets_the_next_one_pass, feature::waiting, feature::listing),
        COLOCK_CASE(W4_a_cancel_after_the_end_does_nothing),
        COLOCK_CASE(W4_cancelled_at_every_step_of_a_grant, feature::owners),
        COLOCK_CASE(W4_cancelled_at_every_step_of_a_wait, feature::owners, feature::waiting),
        COLOCK_CASE(W4_many_cancelled_waits_leave_nothing, feature::waiting, feature::listing),
    };
    return all;
}

} // namespace colock::conformance
