#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <string>

BOOST_AUTO_TEST_SUITE(own_provider)

using namespace colock_test;
using colock::forever;

/// The least that a user may write: no fast path, no holds of its own, no queue.
class simple_provider final : public colock::provider {
public:
    bool needs_lease() const noexcept override { return false; }
    colock::clock_source& clock() const noexcept override { return *clock_; }

    asio::awaitable<colock::acquisition> acquire(const colock::lock_request& request) override {
        co_await asio::post(asio::deferred);
        if (stopped_)
            throw colock::lock_error::acquiring(errc::closed, request.keys);
        for (const auto key : request.keys)
            if (held_.contains(std::string(key)))
                throw colock::lock_error::acquiring(errc::already_locked, request.keys);
        for (const auto key : request.keys)
            held_[std::string(key)] = last_ + 1;
        ++last_;
        co_return colock::acquisition{{1, last_}, last_, colock::never, nullptr};
    }
    asio::awaitable<colock::time_point> extend(colock::grant, colock::duration span) override {
        co_return colock::saturated_add(clock_->now(), span);
    }
    asio::awaitable<bool> release(colock::key_set, std::string) override { co_return false; }
    asio::awaitable<bool> release(colock::grant held) override {
        co_await asio::post(asio::deferred);
        if (broken)
            throw colock::lock_error(errc::provider_unavailable, "the backend is down", held.keys());
        bool all = true;
        for (const auto key : held.keys()) {
            const auto found = held_.find(std::string(key));
            const bool same = found != held_.end() && found->second == held.token();
            if (same)
                held_.erase(found);
            all = all && same;
        }
        co_return all;
    }
    asio::awaitable<std::size_t> release_all(std::optional<std::string>) override {
        const std::size_t count = held_.size();
        held_.clear();
        co_return count;
    }
    asio::awaitable<std::vector<colock::lock_info>> list(colock::list_request) override {
        co_return std::vector<colock::lock_info>();
    }
    void stop() noexcept override { stopped_ = true; }
    asio::awaitable<void> close() override { co_return; }

    bool broken = false;
    std::map<std::string, std::uint64_t> held_;
    std::shared_ptr<colock::manual_clock> clock_ = std::make_shared<colock::manual_clock>();

private:
    std::uint64_t last_ = 0;
    bool stopped_ = false;
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
        auto made = std::make_unique<simple_provider>();
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
    asio::io_context io;
    colock::locking_service locks{io.get_executor()};
    simple_provider* mine = nullptr;
    std::shared_ptr<errors> seen = std::make_shared<errors>();
};

BOOST_AUTO_TEST_CASE(grants_and_guards_work_on_it) {
    scene s;
    auto grant = s.start(s.locks.acquire("a"));
    BOOST_CHECK_EQUAL(grant.get().token(), 1u);
    BOOST_CHECK(s.start(s.locks.release(grant.get())).get());
    auto guard = s.start(s.locks.lock(colock::keys("a", "b")));
    BOOST_CHECK_EQUAL(guard.get().token(), 2u);
    BOOST_CHECK_EQUAL(s.mine->held_.size(), 2u);
    BOOST_CHECK(!s.start(s.locks.try_lock("a")).get());
    BOOST_CHECK(s.start(guard.get().release()).get());
    BOOST_CHECK(s.mine->held_.empty());
    auto dropped = s.start(s.locks.lock("a"));
    dropped.get().reset(); // in the background
    s.run();
    BOOST_CHECK(s.mine->held_.empty());
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
    while (s.mine->held_.empty()) {
        s.io.restart();
        s.io.run_one();
    }
    running.cancel();
    s.run();
    BOOST_CHECK(running.error() == asio::error::operation_aborted);
    BOOST_CHECK(s.mine->held_.empty());
}

BOOST_AUTO_TEST_CASE(E8_a_loss_shows_when_it_is_released) {
    scene s;
    auto job = [&] { s.mine->held_.clear(); };
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
    BOOST_CHECK_EQUAL(s.mine->held_.size(), 1u);
    s.mine->clock_->advance(2s);
    step();
    BOOST_CHECK(s.mine->held_.empty());
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
