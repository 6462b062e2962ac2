#include "conformance/subjects/simple_provider.hpp"
#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(own_provider)

using namespace colock_test;
using colock::forever;

/// Its backend may be down.
class breakable_provider final : public simple_provider {
public:
    using simple_provider::release;
    using simple_provider::simple_provider;
    asio::awaitable<bool> release(colock::grant held) override {
        if (broken)
            throw colock::lock_error(errc::provider_unavailable, "the backend is down", held.keys());
        return simple_provider::release(std::move(held));
    }
    bool broken = false;
};

class errors final : public colock::observer {
public:
    void on_error(const std::exception_ptr& error) noexcept override {
        ++count;
        last = error;
    }
    int count = 0;
    std::exception_ptr last;
};

struct scene {
    scene() {
        auto made = std::make_unique<breakable_provider>(clock);
        mine = made.get();
        locks.add_provider("mine", std::move(made));
        locks.set_observer(seen);
    }
    void run() {
        io.restart();
        io.poll();
    }
    template<class T>
    started<T> start(asio::awaitable<T> work) {
        auto result = colock_test::start(io.get_executor(), std::move(work));
        run();
        return result;
    }
    std::shared_ptr<colock::manual_clock> clock = std::make_shared<colock::manual_clock>();
    asio::io_context io;
    colock::locking_service locks{io.get_executor()};
    breakable_provider* mine = nullptr;
    std::shared_ptr<errors> seen = std::make_shared<errors>();
};

BOOST_AUTO_TEST_CASE(grants_and_guards_work_on_it) {
    scene s;
    auto grant = s.start(s.locks.acquire("a"));
    BOOST_CHECK(s.start(s.locks.release(grant.get())).get());
    auto guard = s.start(s.locks.lock(colock::keys("a", "b")));
    BOOST_CHECK_EQUAL(guard.get().token(), grant.get().token() + 1);
    BOOST_CHECK_EQUAL(s.mine->held(), 2u);
    BOOST_CHECK(!s.start(s.locks.try_lock("a")).get());
    BOOST_CHECK(s.start(guard.get().release()).get());
    BOOST_CHECK_EQUAL(s.mine->held(), 0u);
    auto dropped = s.start(s.locks.lock("a"));
    dropped.get().reset(); // in the background
    s.run();
    BOOST_CHECK_EQUAL(s.mine->held(), 0u);
}

BOOST_AUTO_TEST_CASE(E4_a_failing_release_masks_neither_result_nor_exception) {
    scene s;
    s.mine->broken = true;
    auto value = s.start(s.locks.execute("a", [] { return 5; }));
    BOOST_CHECK_EQUAL(value.get(), 5);
    BOOST_CHECK_EQUAL(s.seen->count, 1);
    const auto throws = []() -> asio::awaitable<void> {
        throw std::logic_error("mine");
        co_return;
    };
    auto error = s.start(s.locks.execute("b", throws));
    BOOST_CHECK_THROW(error.get(), std::logic_error);
    BOOST_CHECK_EQUAL(s.seen->count, 2);
    auto guard = s.start(s.locks.lock("c"));
    guard.get().reset();
    s.run();
    BOOST_CHECK_EQUAL(s.seen->count, 3);
    auto told = s.start(s.locks.lock("d"));
    auto releasing = s.start(told.get().release());
    BOOST_CHECK(releasing.error() == errc::provider_unavailable);
}

BOOST_AUTO_TEST_CASE(E6_a_cancelled_call_still_awaits_its_release) {
    scene s;
    const auto job = []() -> asio::awaitable<void> {
        for (;;)
            co_await asio::post(asio::use_awaitable);
    };
    auto running = colock_test::start(s.io.get_executor(), s.locks.execute("a", job));
    while (s.mine->held() == 0) {
        s.io.restart();
        s.io.run_one();
    }
    running.cancel();
    s.run();
    BOOST_CHECK(running.error() == asio::error::operation_aborted);
    BOOST_CHECK_EQUAL(s.mine->held(), 0u);
}

BOOST_AUTO_TEST_CASE(E8_a_loss_shows_when_it_is_released) {
    scene s;
    auto job = [&] { (void)s.start(s.locks.release_all()); };
    auto running = s.start(s.locks.execute("a", job));
    BOOST_CHECK(running.error() == errc::lease_lost);
}

BOOST_AUTO_TEST_CASE(E2_the_grace_ends_on_it_too) {
    scene s;
    bool ends = false;
    const auto job = [&]() -> asio::awaitable<void> {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        while (!ends)
            co_await asio::post(asio::use_awaitable);
    };
    auto running =
        colock_test::start(s.io.get_executor(), s.locks.execute("a", job, {.timeout = 1s, .grace = 1s}));
    const auto step = [&] {
        for (int i = 0; i < 20; ++i)
            s.io.run_one();
    };
    step();
    BOOST_CHECK_EQUAL(s.mine->held(), 1u);
    s.clock->advance(2s);
    step();
    BOOST_CHECK_EQUAL(s.mine->held(), 0u);
    BOOST_CHECK(!running.done());
    ends = true;
    s.run();
    BOOST_CHECK(running.error() == errc::timed_out);
}

BOOST_AUTO_TEST_CASE(Z2_a_guard_outlives_the_service) {
    auto s = std::make_unique<scene>();
    colock::guard guard = std::move(s->start(s->locks.lock("a")).get());
    s.reset();
    BOOST_CHECK(guard);
}

BOOST_AUTO_TEST_SUITE_END()
