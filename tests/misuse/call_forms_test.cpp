// The forms in which users naturally write their calls. g++ 12 destroys twice some temporaries inside a
// co_await expression: this runs under the address sanitizer there. Names are long enough to be on the heap.
#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(call_forms)

using namespace colock_test;
using namespace std::string_literals;

std::string name_of(int number) {
    return "a product whose name is longer than a short string " + std::to_string(number);
}

BOOST_AUTO_TEST_CASE(designated_initialisers_with_temporaries) {
    world w;
    auto& locks = *w.locks;
    const auto forms = [&]() -> asio::awaitable<void> {
        co_await locks.acquire("prod_123", {.owner = "user_123", .expire = 60s});
        co_await locks.release("prod_123", {.owner = "user_123"});
        co_await locks.acquire(name_of(1), {.owner = name_of(2), .expire = 60s, .wait = 1s});
        const bool released = co_await locks.release(name_of(1), {.owner = name_of(2)});
        BOOST_CHECK(released);
        const auto grant = co_await locks.acquire(std::string(100, 'k') + "x", {.owner = "o"s + name_of(3)});
        const auto longer = co_await locks.extend(grant, 5s);
        const bool exact = co_await locks.release(longer);
        BOOST_CHECK(exact);
        const auto nested = co_await locks.release(co_await locks.acquire(name_of(4)));
        BOOST_CHECK(nested);
        const auto maybe = co_await locks.try_acquire(name_of(5), {.owner = name_of(6)});
        BOOST_CHECK(maybe);
        const auto count = co_await locks.release_all({.owner = name_of(6)});
        BOOST_CHECK_EQUAL(count, 1u);
        const auto listed = co_await locks.list({.prefix = name_of(7), .owner = name_of(8)});
        BOOST_CHECK(listed.empty());
    };
    w.now(forms());
    BOOST_CHECK_EQUAL(w.held(), 0u);
}

BOOST_AUTO_TEST_CASE(keys_of_all_kinds) {
    world w;
    auto& locks = *w.locks;
    const std::vector<std::string> in_vector{name_of(1), name_of(2)};
    const std::list<const char*> in_list{"a", "b"};
    const std::array<std::string_view, 2> in_array{"c", "d"};
    const colock::key_set braced{"e", "f"};
    const auto forms = [&]() -> asio::awaitable<void> {
        const auto several = co_await locks.lock(colock::keys(name_of(3), "x", name_of(4)));
        BOOST_CHECK_EQUAL(several.grant().keys().size(), 3u);
        const auto vector = co_await locks.lock(colock::key_set(in_vector.begin(), in_vector.end()));
        const auto list = co_await locks.lock(colock::key_set(in_list.begin(), in_list.end()));
        const auto array = co_await locks.lock(colock::key_set(in_array.begin(), in_array.end()));
        const auto copied = co_await locks.lock(braced);
        const auto view = co_await locks.lock(std::string_view("view"));
        BOOST_CHECK_EQUAL(w.memory->statistics().held, 12u);
    };
    w.now(forms());
}

BOOST_AUTO_TEST_CASE(an_awaitable_that_is_kept_and_awaited_later) {
    world w;
    auto& locks = *w.locks;
    const auto forms = [&]() -> asio::awaitable<void> {
        auto acquiring = locks.acquire(name_of(1), {.owner = name_of(2), .expire = 60s});
        auto executing = locks.execute(name_of(3), [] { return name_of(4); });
        co_await asio::post(asio::deferred);
        const auto grant = co_await std::move(acquiring);
        BOOST_CHECK_EQUAL(grant.owner(), name_of(2));
        BOOST_CHECK_EQUAL(grant.keys()[0], name_of(1));
        const auto text = co_await std::move(executing);
        BOOST_CHECK_EQUAL(text, name_of(4));
    };
    w.now(forms());
}

struct aggregate {
    std::string one;
    std::vector<std::string> two;
};

asio::awaitable<std::string> free_function() {
    co_return name_of(9);
}

BOOST_AUTO_TEST_CASE(jobs_of_all_kinds) {
    world w;
    auto& locks = *w.locks;
    std::string local = name_of(1);
    const auto forms = [&]() -> asio::awaitable<void> {
        const auto text = co_await locks.execute(name_of(2), [&]() -> asio::awaitable<std::string> {
            co_await asio::post(asio::deferred);
            co_return local + name_of(3);
        });
        BOOST_CHECK_EQUAL(text, name_of(1) + name_of(3));
        const auto both =
            co_await locks.execute(colock::keys(name_of(4), name_of(5)),
                                   [&](colock::lease& lease) -> asio::awaitable<aggregate> {
                                       co_return aggregate{name_of(6), lease.grant().keys().to_vector()};
                                   },
                                   {.timeout = 1s, .wait = 1s});
        BOOST_CHECK_EQUAL(both.one, name_of(6));
        BOOST_CHECK_EQUAL(both.two.at(1), name_of(5));
        const auto owning = [local, many = std::make_shared<int>(5)]() -> asio::awaitable<std::string> {
            co_return local + std::to_string(*many);
        };
        const auto named = co_await locks.execute(name_of(7), owning);
        BOOST_CHECK_EQUAL(named, local + "5");
        const auto function = co_await locks.execute(name_of(8), &free_function);
        BOOST_CHECK_EQUAL(function, name_of(9));
        std::function<asio::awaitable<std::string>()> erased = owning;
        const auto through = co_await locks.execute(name_of(8), erased);
        BOOST_CHECK_EQUAL(through, local + "5");
        auto counter = [n = 0]() mutable { return ++n; };
        const int once = co_await locks.execute("n", counter);
        const int twice = co_await locks.execute("n", counter); // an lvalue is referred to
        BOOST_CHECK_EQUAL(once + twice, 3);
        int number = 0;
        co_await locks.execute("n", [&number] { number = 1; });
        co_await locks.execute("n", [&number](colock::lease&) { number += 2; });
        BOOST_CHECK_EQUAL(number, 3);
    };
    w.now(forms());
    BOOST_CHECK_EQUAL(w.held(), 0u);
}

BOOST_AUTO_TEST_CASE(errors_pass_through_all_of_it) {
    world w;
    auto& locks = *w.locks;
    int caught = 0;
    const auto forms = [&]() -> asio::awaitable<void> {
        const auto held = co_await locks.lock(name_of(1));
        try {
            co_await locks.acquire(name_of(1), {.owner = name_of(2), .expire = 60s});
        } catch (const colock::lock_error& error) {
            ++caught;
            BOOST_CHECK(error.keys() == colock::key_set(name_of(1)));
        }
        try {
            co_await locks.execute(name_of(3), [&]() -> asio::awaitable<aggregate> {
                throw std::runtime_error(name_of(4));
                co_return aggregate();
            });
        } catch (const std::runtime_error& error) {
            ++caught;
            BOOST_CHECK_EQUAL(error.what(), name_of(4));
        }
    };
    w.now(forms());
    BOOST_CHECK_EQUAL(caught, 2);
}

BOOST_AUTO_TEST_CASE(as_a_spawned_operation) {
    world w;
    bool done = false;
    asio::co_spawn(w.io, w.locks->lock(name_of(1)),
                   [&](std::exception_ptr error, colock::guard held) { done = !error && held; });
    asio::co_spawn(w.io, w.locks->acquire(name_of(2)), [](std::exception_ptr, colock::grant) {});
    w.run();
    BOOST_CHECK(done);
    BOOST_CHECK_EQUAL(w.held(), 1u); // the grant stays, the guard is gone
}

BOOST_AUTO_TEST_SUITE_END()
