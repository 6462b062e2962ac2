#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(tokens)

using namespace colock_test;
using colock::forever;
using colock::lock_mode;

BOOST_AUTO_TEST_CASE(T1_every_grant_carries_one_greater_than_all_before) {
    asio::io_context io;
    colock::locking_service locks(io.get_executor());
    const auto many = [&]() -> asio::awaitable<void> {
        std::uint64_t last = 0;
        const auto check = [&](std::uint64_t token) {
            BOOST_REQUIRE_GT(token, last);
            last = token;
        };
        for (int i = 0; i < 2000; ++i) {
            const std::string key = "key " + std::to_string(i % 100); // over all shards
            {
                const auto guard = co_await locks.lock(key);
                check(guard.token());
            }
            const auto grant = co_await locks.acquire(colock::keys(key, "other"), {.owner = "me"});
            check(grant.token());
            co_await locks.release(grant);
            const auto job = [](colock::lease& lease) { return lease.token(); };
            check(co_await locks.execute(key, job));
            const auto reader = co_await locks.lock(key, {.mode = lock_mode::shared});
            check(reader.token());
            const auto reader_too = co_await locks.lock(key, {.mode = lock_mode::shared});
            check(reader_too.token());
        }
    };
    auto all = start(io.get_executor(), many());
    io.run();
    all.get();
}

// A grant that a thread knows of is earlier than any that the thread then asks for, whatever the keys.
BOOST_AUTO_TEST_CASE(T1_among_threads_and_keys) {
    colock::memory_provider memory;
    std::atomic<std::uint64_t> greatest{0};
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 20'000; ++i) {
                const std::uint64_t before = greatest.load();
                const auto guard = memory.try_lock(std::to_string(t) + "/" + std::to_string(i % 64));
                if (!guard || guard->token() <= before)
                    ++wrong;
                std::uint64_t seen = greatest.load();
                while (seen < guard->token() && !greatest.compare_exchange_weak(seen, guard->token())) {
                }
            }
        });
    for (auto& thread : threads)
        thread.join();
    BOOST_CHECK_EQUAL(wrong.load(), 0);
}

BOOST_AUTO_TEST_CASE(T1_an_id_reads_as_32_digits) {
    BOOST_CHECK_EQUAL(to_string(colock::grant_id{0x12, 0xabc}), "00000000000000120000000000000abc");
}

// One thread counts its tokens until a second one comes, then all go by the clock: whenever that happens,
// what is known to be earlier stays smaller.
BOOST_AUTO_TEST_CASE(T1_when_a_second_thread_comes) {
    std::atomic<int> wrong{0};
    for (int round = 0; round < 300; ++round) {
        colock::memory_provider memory;
        std::atomic<std::uint64_t> greatest{0};
        std::atomic<bool> alone{true};
        const auto draw = [&](const std::string& key) {
            const std::uint64_t before = greatest.load();
            const auto guard = memory.try_lock(key);
            if (!guard || guard->token() <= before)
                ++wrong;
            std::uint64_t seen = greatest.load();
            while (guard && seen < guard->token() && !greatest.compare_exchange_weak(seen, guard->token())) {
            }
        };
        std::thread first([&] {
            for (int i = 0; i < 100 + round; ++i) {
                draw("first " + std::to_string(i % 8));
                if (i == round % 100)
                    alone = false;
            }
        });
        std::thread second([&] {
            while (alone) {
            }
            for (int i = 0; i < 100; ++i)
                draw("second " + std::to_string(i % 8));
        });
        first.join();
        second.join();
    }
    BOOST_CHECK_EQUAL(wrong, 0);
}

// Threads that draw at the same time may get equal tokens for different keys; an id names one grant alone.
BOOST_AUTO_TEST_CASE(T1_ids_are_unique_among_threads) {
    colock::memory_provider memory;
    constexpr int count = 20'000;
    std::vector<std::vector<colock::grant_id>> ids(2);
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < ids.size(); ++t)
        threads.emplace_back([&, t] {
            const std::string key = "key " + std::to_string(t);
            ids[t].reserve(count);
            ++ready;
            while (ready != 2) {
            }
            for (int i = 0; i < count; ++i)
                ids[t].push_back(memory.try_lock(key)->grant().id());
        });
    for (auto& thread : threads)
        thread.join();
    std::vector<colock::grant_id> all = ids[0];
    all.insert(all.end(), ids[1].begin(), ids[1].end());
    std::sort(all.begin(), all.end());
    BOOST_CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
}

BOOST_AUTO_TEST_SUITE_END()
