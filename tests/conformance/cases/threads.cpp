#include "../scene.hpp"
#include "../suite.hpp"

#include <colock/lease.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace colock::conformance {
namespace {

/// What only one may be in at a time, and what its visitors' tokens were.
struct room {
    void enter(std::uint64_t token) {
        if (inside.exchange(true) || token <= last)
            ++wrong;
        last = token;
        ++visits;
    }
    void leave() { inside = false; }

    std::atomic<bool> inside{false};
    std::atomic<int> wrong{0};
    std::uint64_t last = 0; // plain on purpose: the lock guards it
    int visits = 0;
};

void Z3_from_many_threads_and_contexts_at_once(scene& s) {
    constexpr int threads = 4;
    constexpr int rounds = 15;
    room a;
    std::atomic<int> ended{0};
    const auto visit = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < rounds; ++i) {
            auto held = co_await s.locks->lock(keys("a", "b"), {.wait = forever});
            a.enter(held.token());
            co_await asio::post(asio::deferred);
            a.leave();
            if (i % 2 == 0)
                co_await held.release();
        }
    };
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t)
        running.emplace_back([&] {
            asio::io_context own;
            auto one = colock_test::start(own.get_executor(), visit());
            auto two = colock_test::start(own.get_executor(), visit());
            own.run_for(s.who.patience); // threads cannot be left behind
            ended += 1 + (!one.done() || !two.done() || one.failed() || two.failed());
        });
    while (ended < threads)
        s.step(2ms);
    for (auto& each : running)
        each.join();
    COLOCK_CHECK(ended == threads);
    COLOCK_CHECK(a.wrong == 0);
    COLOCK_CHECK(a.visits == threads * rounds * 2);
    s.until([&] { return s.is_free(keys("a", "b")); }, "all had been released");
}

void Z3_the_service_itself_on_several_threads(scene& s) {
    asio::thread_pool pool(3);
    const auto locks = s.another(pool.get_executor());
    std::atomic<int> ended{0};
    std::atomic<int> failed{0};
    room rooms[3];
    const auto visit = [&](int number) -> asio::awaitable<void> {
        for (int i = 0; i < 8; ++i) {
            const auto which = static_cast<std::size_t>(number + i) % 3;
            const auto job = [&, which](lease& mine) -> asio::awaitable<void> {
                rooms[which].enter(mine.token());
                co_await asio::post(asio::deferred);
                rooms[which].leave();
            };
            co_await locks->execute(std::to_string(which), job, {.timeout = forever});
            const auto mine = co_await locks->acquire("mine " + std::to_string(number), {.expire = 1h});
            co_await locks->list();
            const bool released = co_await locks->release(mine);
            failed += !released;
        }
    };
    constexpr int visitors = 12;
    for (int i = 0; i < visitors; ++i)
        asio::co_spawn(pool, visit(i), [&](std::exception_ptr e) {
            failed += e != nullptr;
            ++ended;
        });
    s.until([&] { return ended == visitors; }, "all visitors had left");
    COLOCK_CHECK(failed == 0);
    for (const auto& each : rooms)
        COLOCK_CHECK(each.wrong == 0 && each.visits == visitors * 8 / 3);
    std::atomic<bool> closed{false};
    asio::co_spawn(pool, locks->close(), [&](std::exception_ptr) { closed = true; });
    s.until([&] { return closed.load(); }, "the service was closed");
}

void Z3_calls_cancelled_from_their_strands_on_several_threads(scene& s) {
    constexpr int calls = 60;
    std::atomic<int> ended{0};
    std::atomic<int> wrong{0};
    auto held = s.now(s.locks->lock("a"));
    const auto wait = [&]() -> asio::awaitable<void> {
        auto mine = co_await s.locks->lock(keys("a", "b"), {.wait = forever});
        co_await asio::post(asio::deferred);
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        co_await mine.release();
    };
    asio::thread_pool pool(3);
    for (int i = 0; i < calls; ++i) {
        const auto strand = asio::make_strand(pool);
        const auto signal = std::make_shared<asio::cancellation_signal>();
        const auto timer = std::make_shared<asio::steady_timer>(strand, s.unit / 20 * (i % 40));
        asio::post(strand, [&, strand, signal, timer] {
            asio::co_spawn(strand, wait(),
                           asio::bind_cancellation_slot(signal->slot(), [&, signal](std::exception_ptr e) {
                               try {
                                   if (e)
                                       std::rethrow_exception(e);
                               } catch (const boost::system::system_error& error) {
                                   wrong += error.code() != asio::error::operation_aborted;
                               }
                               ++ended;
                           }));
            timer->async_wait([signal, timer](boost::system::error_code) {
                signal->emit(asio::cancellation_type::terminal);
            });
        });
    }
    s.pass(s.unit);
    s.now(held.release());
    s.until([&] { return ended == calls; }, "all calls ended");
    pool.join();
    COLOCK_CHECK(wrong == 0);
    s.until([&] { return s.is_free(keys("a", "b")); }, "nothing was left of the calls");
}

} // namespace

std::span<const test_case> thread_cases() {
    static constexpr test_case all[] = {
        COLOCK_CASE(Z3_from_many_threads_and_contexts_at_once, feature::waiting),
        COLOCK_CASE(Z3_the_service_itself_on_several_threads, feature::waiting, feature::expiry),
        COLOCK_CASE(Z3_calls_cancelled_from_their_strands_on_several_threads, feature::waiting),
    };
    return all;
}

} // namespace colock::conformance
