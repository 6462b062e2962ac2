#include "threads.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <latch>
#include <optional>

// Services, pools and contexts that are destroyed while threads wait, release and are granted locks.
BOOST_AUTO_TEST_SUITE(teardown)

using namespace colock_test;

namespace {

const std::array<std::string, 3> all_keys{"alpha", "beta", "gamma"};

// Keys that are all held by guards, until those are dropped on a thread of its own.
class held_keys {
public:
    explicit held_keys(colock::locking_service& locks) {
        auto& memory = static_cast<colock::memory_provider&>(locks.get_provider());
        for (const std::string& key : all_keys)
            guards_.push_back(memory.try_lock(key).value());
    }
    ~held_keys() {
        if (thread_.joinable())
            thread_.join();
    }

    void release_meanwhile() {
        thread_ = std::thread([this] {
            for (colock::guard& g : guards_)
                g.reset();
        });
    }

private:
    std::vector<colock::guard> guards_;
    std::thread thread_;
};

colock::key_set keys_of(std::size_t number) {
    return number % 4 == 0 ? colock::keys(all_keys[1], all_keys[0])
                           : colock::key_set(all_keys[number % all_keys.size()]);
}

std::size_t places_of(std::size_t calls) {
    std::size_t places = 0;
    for (std::size_t i = 0; i < calls; ++i)
        places += keys_of(i).size();
    return places;
}

// Takes the keys in one of several ways, to hold them for a moment. The service is used for the call alone.
asio::awaitable<void> use_once(colock::locking_service& locks, std::size_t number) {
    const colock::key_set keys = keys_of(number);
    int ran = 0;
    auto function = [&] { ++ran; };
    auto coroutine = [&]() -> asio::awaitable<void> {
        co_await asio::post(asio::deferred);
        ++ran;
    };
    switch (number % 5) {
    case 0:
    case 1: {
        const colock::guard held = co_await locks.lock(keys, {.wait = number % 2 ? colock::forever : 60s});
        co_await asio::post(asio::deferred);
        break;
    }
    case 2:
        co_await locks.execute(keys, function, {.timeout = colock::forever});
        break;
    case 3:
        co_await locks.execute(keys, coroutine, {.timeout = 60s, .grace = 60s});
        break;
    default: // nobody may be there to release it
        co_await locks.acquire(keys, {.owner = "me", .expire = 200us, .wait = colock::forever});
    }
}

asio::awaitable<void> use_often(colock::locking_service& locks, std::size_t number) {
    for (std::size_t i = 0; i < 4; ++i)
        co_await use_once(locks, number);
}

/// An io_context and its threads, or a thread_pool, which is destroyed with all that is pending.
class doomed_io {
public:
    [[nodiscard]] asio::any_io_executor executor(std::size_t number) {
        if (number % 2 == 0)
            return io_.get_executor();
        return asio::make_strand(io_);
    }
    ~doomed_io() {
        io_.stop();
        for (std::thread& t : threads_)
            t.join();
    }

private:
    asio::io_context io_;
    asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
    std::array<std::thread, 2> threads_{std::thread([this] { io_.run(); }),
                                        std::thread([this] { io_.run(); })};
};

class doomed_pool {
public:
    [[nodiscard]] asio::any_io_executor executor(std::size_t number) {
        if (number % 2 == 0)
            return pool_.get_executor();
        return asio::make_strand(pool_);
    }
    ~doomed_pool() { pool_.stop(); }

private:
    asio::thread_pool pool_{2};
};

template<class Doomed>
void destroy_contexts(std::size_t rounds) {
    constexpr std::size_t calls = 6; // of each kind
    asio::thread_pool living(2);
    for (std::size_t round = 0; round < rounds; ++round) {
        const auto watch = std::make_shared<queue_watch>();
        colock::locking_service locks(living.get_executor());
        locks.set_observer(watch);
        std::latch done(calls);
        std::atomic<bool> failed{false};
        {
            held_keys held(locks);
            std::optional<Doomed> doomed(std::in_place);
            for (std::size_t i = 0; i < calls; ++i) {
                asio::co_spawn(doomed->executor(i), use_often(locks, i), asio::detached);
                asio::co_spawn(living, use_once(locks, i), [&](std::exception_ptr e) {
                    failed = failed || e;
                    done.count_down();
                });
            }
            watch->wait_for(2 * places_of(calls));
            held.release_meanwhile();
            doomed.reset();
        }
        done.wait(); // whoever lives on is not kept waiting by the dead
        BOOST_TEST(!failed);
        const std::string owner = "me"; // its leases may not have ended yet
        asio::co_spawn(living, locks.release_all({.owner = owner}), asio::use_future).get();
        const auto statistics = locks.get_provider().statistics();
        BOOST_TEST(statistics.held == 0u);
        BOOST_TEST(statistics.waiting == 0u);
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(Z2_a_service_is_destroyed_under_its_waiters) {
    constexpr std::size_t calls = 12;
    asio::thread_pool pool(3);
    for (std::size_t round = 0; round < scaled(1000); ++round) {
        const auto watch = std::make_shared<queue_watch>();
        std::optional<colock::locking_service> locks(std::in_place, pool.get_executor());
        locks->set_observer(watch);
        std::latch done(calls);
        std::atomic<std::size_t> granted{0};
        std::atomic<std::size_t> closed{0};
        {
            held_keys held(*locks);
            for (std::size_t i = 0; i < calls; ++i)
                asio::co_spawn(pool, use_once(*locks, i), [&](std::exception_ptr e) {
                    try {
                        if (e)
                            std::rethrow_exception(e);
                        ++granted;
                    } catch (const colock::lock_error& error) {
                        closed += error.code() == errc::closed;
                    }
                    done.count_down();
                });
            watch->wait_for(places_of(calls));
            if (round % 4 != 0)
                held.release_meanwhile();
            locks.reset();
        }
        done.wait();
        BOOST_TEST(granted + closed == calls);
        if (round % 4 == 0)
            BOOST_TEST(granted == 0u);
    }
}

BOOST_AUTO_TEST_CASE(Z2_an_io_context_is_destroyed_under_its_waiters) {
    destroy_contexts<doomed_io>(scaled(500));
}

BOOST_AUTO_TEST_CASE(Z2_a_thread_pool_is_destroyed_under_its_waiters) {
    destroy_contexts<doomed_pool>(scaled(500));
}

BOOST_AUTO_TEST_SUITE_END()
