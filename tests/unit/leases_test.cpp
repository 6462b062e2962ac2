#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(leases)

using namespace colock_test;
using colock::forever;

BOOST_AUTO_TEST_CASE(L1_an_expired_lock_leaves_nothing_behind) {
    world w;
    for (int i = 0; i < 1000; ++i)
        w.now(w.locks->acquire("key " + std::to_string(i), {.owner = "me", .expire = 1s + i * 1us}));
    BOOST_CHECK_EQUAL(w.memory->statistics().held, 1000u);
    w.clock->advance(1s + 499us);
    BOOST_CHECK_EQUAL(w.memory->statistics().held, 500u);
    w.clock->advance(1s); // nobody touches the keys
    BOOST_CHECK_EQUAL(w.memory->statistics().held, 0u);
    BOOST_CHECK_EQUAL(w.memory->statistics().expired, 1000u);
}

BOOST_AUTO_TEST_CASE(L1_expiry_against_release_the_earlier_wins) {
    world w;
    const auto one = w.now(w.locks->acquire("a", {.expire = 1s}));
    w.clock->advance(1s - 1ns);
    BOOST_CHECK(w.now(w.locks->release(one)));
    const auto two = w.now(w.locks->acquire("a", {.expire = 1s}));
    auto waiting = w.start(w.locks->lock("a", {.wait = forever}));
    w.advance(1s);
    BOOST_CHECK(!w.now(w.locks->release(two)));
    BOOST_CHECK(waiting.done() && !waiting.get().lost());
}

// A clock that is late with its alarms, as a real one is: what is due counts as done all the same.
class late_clock final : public colock::clock_source {
public:
    colock::time_point now() const noexcept override { return now_; }
    void schedule(colock::alarm&, colock::time_point) override {}
    void cancel(colock::alarm&) noexcept override {}
    colock::time_point now_{1h};
};

BOOST_AUTO_TEST_CASE(L1_what_is_due_counts_before_the_alarm_comes) {
    const auto clock = std::make_shared<late_clock>();
    colock::memory_provider memory({.clock = clock});
    const colock::key_set key("a");
    const colock::lock_request request{.keys = key, .owner = "me", .expire = 1s};
    colock::acquisition first;
    boost::system::error_code refused;
    BOOST_REQUIRE(memory.try_now(request, first, refused) == colock::attempt::granted);
    clock->now_ += 1s;
    colock::acquisition second;
    BOOST_REQUIRE(memory.try_now(request, second, refused) == colock::attempt::granted);
    BOOST_CHECK(second.id != first.id);
    clock->now_ += 1s;
    auto guard = memory.try_lock("a");
    BOOST_REQUIRE(guard);
    BOOST_CHECK(!guard->lost());
}

BOOST_AUTO_TEST_CASE(L2_a_guard_in_memory_needs_no_lease) {
    world w;
    const auto held = w.now(w.locks->lock("a", {.expire = 1s}));
    w.advance(24h);
    BOOST_CHECK(!held.lost());
    BOOST_CHECK(held.grant().expires_at() == colock::never);
}

BOOST_AUTO_TEST_CASE(L3_extend_moves_the_end_and_fails_for_what_is_lost) {
    world w;
    const auto held = w.now(w.locks->acquire(colock::keys("a", "b"), {.owner = "me", .expire = 1s}));
    w.advance(500ms);
    const auto longer = w.now(w.locks->extend(held, 2s));
    BOOST_CHECK(longer.expires_at() == w.clock->now() + 2s);
    BOOST_CHECK(longer.id() == held.id());
    BOOST_CHECK_EQUAL(longer.token(), held.token());
    w.advance(2s - 1ns);
    BOOST_CHECK_EQUAL(w.held(), 2u);
    BOOST_CHECK(w.now(w.locks->release("b", {.owner = "me"})));
    BOOST_CHECK(fails_with(errc::lease_lost, [&] { w.now(w.locks->extend(held, 5s)); }));
    w.advance(1ns);
    BOOST_CHECK_EQUAL(w.held(), 0u); // the failed call changed nothing
    BOOST_CHECK(fails_with(errc::lease_lost, [&] { w.now(w.locks->extend(held, 5s)); }));
    BOOST_CHECK(fails_with(errc::lease_lost, [&] { w.now(w.locks->extend(colock::grant(), 5s)); }));
}

BOOST_AUTO_TEST_CASE(L3_extend_to_forever_takes_the_end_away) {
    world w;
    const auto held = w.now(w.locks->acquire("a", {.expire = 1s}));
    const auto endless = w.now(w.locks->extend(held, forever));
    BOOST_CHECK(endless.expires_at() == colock::never);
    w.advance(24h);
    BOOST_CHECK(w.now(w.locks->release(endless)));
}

BOOST_AUTO_TEST_CASE(a_guard_releases_at_once_when_it_goes) {
    world w;
    {
        auto guard = w.now(w.locks->lock(colock::keys("a", "b")));
        BOOST_CHECK(guard);
        BOOST_CHECK_GT(guard.token(), 0u);
        BOOST_CHECK_EQUAL(guard.token(), guard.grant().token());
        BOOST_CHECK(guard.grant().keys() == colock::keys("b", "a"));
        BOOST_CHECK_EQUAL(w.held(), 2u);
    }
    BOOST_CHECK_EQUAL(w.held(), 0u);
    auto one = w.now(w.locks->lock("a"));
    auto two = w.now(w.locks->lock("b"));
    one = std::move(two); // "a" goes
    BOOST_CHECK_EQUAL(w.now(w.locks->list()).at(0).key, "b");
    BOOST_CHECK(!two); // NOLINT
    BOOST_CHECK_EQUAL(two.token(), 0u);
    BOOST_CHECK(w.now(one.release()));
    BOOST_CHECK(!w.now(one.release()));
    BOOST_CHECK(!one.lost());
    BOOST_CHECK_EQUAL(w.held(), 0u);
}

BOOST_AUTO_TEST_SUITE_END()
