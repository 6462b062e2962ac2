#include "../scene.hpp"
#include "../suite.hpp"

#include <boost/asio/deferred.hpp>

#include <string>
#include <vector>

namespace colock::conformance {
namespace {

void K1_a_failing_call_keeps_nothing(scene& s) {
    const auto held = s.now(s.locks->lock("b"));
    COLOCK_CHECK(s.error_of(s.locks->acquire(keys("a", "b", "c"))) == errc::already_locked);
    COLOCK_CHECK(s.is_free("a"));
    COLOCK_CHECK(s.is_free("c"));
    COLOCK_CHECK(!s.is_free("b"));
}

void K1_a_call_that_gives_up_keeps_what_its_owner_held_before(scene& s) {
    const auto before = s.now(s.locks->acquire("a", {.owner = "me"}));
    const auto other = s.now(s.locks->acquire("b", {.owner = "you"}));
    COLOCK_CHECK(s.error_of(s.locks->acquire(keys("a", "b"), {.owner = "me", .wait = s.unit})) ==
                 errc::timed_out);
    COLOCK_CHECK(s.now(s.locks->release(before)));
    COLOCK_CHECK(s.now(s.locks->release(other)));
    s.until_empty();
}

void K1_a_cancelled_call_keeps_what_its_owner_held_before(scene& s) {
    s.now(s.locks->acquire("a", {.owner = "me"}));
    const auto other = s.now(s.locks->acquire("b", {.owner = "you"}));
    auto both = s.queue(s.locks->acquire(keys("a", "b", "c"), {.owner = "me", .wait = forever}), "b");
    both.cancel();
    COLOCK_CHECK(s.error_of(both) == asio::error::operation_aborted);
    s.until([&] { return s.listed() == 2; }, "the cancelled call had left its queues");
    COLOCK_CHECK(s.now(s.locks->release("a", {.owner = "me"})));
    COLOCK_CHECK(s.now(s.locks->release(other)));
}

void K1_several_keys_are_released_together(scene& s) {
    auto held = s.now(s.locks->lock(keys("a", "b", "c")));
    COLOCK_CHECK(!s.is_free("a") && !s.is_free("b") && !s.is_free("c"));
    COLOCK_CHECK(s.now(held.release()));
    COLOCK_CHECK(s.is_free(keys("a", "b", "c")));
}

void K2_keys_are_taken_once(scene& s) {
    const auto held = s.now(s.locks->acquire(keys("y", "x", "y", "x")));
    COLOCK_REQUIRE(held.keys().size() == 2);
    COLOCK_CHECK(held.keys()[0] == "x");
    COLOCK_CHECK(s.now(s.locks->release(held)));
    COLOCK_CHECK(s.is_free(keys("x", "y")));
}

void K3_any_bytes_up_to_512_are_a_key(scene& s) {
    const std::string zeros("a\0b\0", 4);
    const std::string longest(max_name_length, '\xff');
    const std::vector<std::string> odd{
        zeros, std::string(1, '\0'), longest, "{a}b", "%s \r\n", "a:b", "*?[x]", "\"'\\", "\xc3\x28", " "};
    std::vector<grant> held;
    for (const auto& key : odd)
        held.push_back(s.now(s.locks->acquire(key)));
    COLOCK_CHECK(s.is_free("a")); // neither cut at the zero nor at the colon
    for (std::size_t i = 0; i < odd.size(); ++i) {
        COLOCK_CHECK(held[i].keys()[0] == odd[i]);
        COLOCK_CHECK(s.error_of(s.locks->acquire(odd[i])) == errc::already_locked);
        COLOCK_CHECK(s.now(s.locks->release(held[i])));
        COLOCK_CHECK(s.is_free(odd[i]));
    }
}

void K3_any_bytes_up_to_512_are_an_owner(scene& s) {
    const std::string zeros("me\0", 3);
    const std::string longest(max_name_length, '\xff');
    for (const auto& owner :
         {zeros, longest, std::string("a:b"), std::string("{x}"), std::string("%d\r\n")}) {
        s.now(s.locks->acquire("key", {.owner = owner}));
        COLOCK_CHECK(!s.now(s.locks->release("key", {.owner = "me"})));
        const auto info = s.info("key");
        COLOCK_CHECK(info && info->holders.size() == 1 && info->holders[0].owner == owner);
        COLOCK_CHECK(s.now(s.locks->release_all({.owner = owner})) == 1);
    }
}

void K3_forever_means_no_limit_and_never_wraps(scene& s) {
    const auto held = s.now(s.locks->acquire("a", {.owner = "me", .expire = forever}));
    COLOCK_CHECK(held.expires_at() == never);
    auto patient = s.queue(s.locks->acquire("a", {.wait = forever - 1ns}), "a");
    s.pass(s.unit);
    COLOCK_CHECK(!patient.done());
    COLOCK_CHECK(s.now(s.locks->release(held)));
    COLOCK_CHECK(!s.error_of(patient));
    const auto longest = s.now(s.locks->acquire("b", {.expire = forever - 1ns}));
    COLOCK_CHECK(!s.is_free("b"));
    COLOCK_CHECK(s.now(s.locks->release(longest)));
    const auto one = [] { return 1; };
    COLOCK_CHECK(s.now(s.locks->execute("b", one, {.timeout = forever, .wait = forever, .grace = forever})) ==
                 1);
}

void K4_overlapping_calls_in_any_order_never_deadlock(scene& s) {
    int inside = 0;
    bool alone = true;
    // all of these contain "b"
    const auto worker = [&](const key_set keys) -> asio::awaitable<void> {
        for (int i = 0; i < 4; ++i) {
            const auto held = co_await s.locks->lock(keys, {.wait = forever});
            alone = alone && ++inside == 1;
            co_await asio::post(asio::deferred);
            --inside;
        }
    };
    std::vector<started<void>> all;
    for (int i = 0; i < 4; ++i) {
        all.push_back(s.start(worker(keys("a", "b"))));
        all.push_back(s.start(worker(keys("b", "a", "c"))));
        all.push_back(s.start(worker(keys("c", "b"))));
        all.push_back(s.start(worker(keys("d", "c", "b"))));
    }
    for (auto& each : all)
        s.finish(each);
    COLOCK_CHECK(alone);
}

void K4_a_call_takes_its_place_in_all_its_queues_at_once(scene& s) {
    auto a = s.now(s.locks->lock("a"));
    auto b = s.now(s.locks->lock("b"));
    auto both = s.queue(s.locks->lock(keys("b", "a"), {.wait = forever}), "a");
    COLOCK_CHECK(s.waiters("b") == 1);
    auto later_a = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    auto later_b = s.queue(s.locks->lock("b", {.wait = forever}), "b");
    COLOCK_CHECK(s.now(a.release()));
    COLOCK_CHECK(s.waiters("a") == 2); // free, but promised
    COLOCK_CHECK(!both.done() && !later_a.done());
    COLOCK_CHECK(s.now(b.release()));
    auto taken = s.finish(both);
    COLOCK_CHECK(s.waiters("a") == 1 && s.waiters("b") == 1);
    COLOCK_CHECK(!later_a.done() && !later_b.done());
    COLOCK_CHECK(s.now(taken.release()));
    COLOCK_CHECK(s.finish(later_a) && s.finish(later_b));
}

} // namespace

std::span<const test_case> key_cases() {
    static constexpr test_case all[] = {
        COLOCK_CASE(K1_a_failing_call_keeps_nothing),
        COLOCK_CASE(K1_a_call_that_gives_up_keeps_what_its_owner_held_before, feature::owners,
                    feature::waiting, feature::listing),
        COLOCK_CASE(K1_a_cancelled_call_keeps_what_its_owner_held_before, feature::owners, feature::waiting,
                    feature::listing),
        COLOCK_CASE(K1_several_keys_are_released_together),
        COLOCK_CASE(K2_keys_are_taken_once),
        COLOCK_CASE(K3_any_bytes_up_to_512_are_a_key),
        COLOCK_CASE(K3_any_bytes_up_to_512_are_an_owner, feature::owners, feature::listing),
        COLOCK_CASE(K3_forever_means_no_limit_and_never_wraps, feature::owners, feature::waiting,
                    feature::listing, feature::expiry),
        COLOCK_CASE(K4_overlapping_calls_in_any_order_never_deadlock, feature::waiting),
        COLOCK_CASE(K4_a_call_takes_its_place_in_all_its_queues_at_once, feature::waiting, feature::listing),
    };
    return all;
}

} // namespace colock::conformance
