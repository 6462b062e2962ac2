#include "remote/lease_keeper.hpp"

#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>

BOOST_AUTO_TEST_SUITE(lease_keeper_)

using namespace colock_test;
using namespace colock::remote;
using colock::never;
using colock::time_point;

time_point at(colock::duration span) {
    return time_point(span);
}

std::size_t count(const std::vector<renewal>& all, std::uint64_t number) {
    std::size_t result = 0;
    for (const auto& each : all)
        result += each.id.number == number;
    return result;
}

BOOST_AUTO_TEST_CASE(R4_a_lease_counts_from_when_its_message_was_sent_and_ends_early) {
    lease_keeper keeper;
    kept_lease lease({1, 1}, "a", 30s, never);
    keeper.add(lease, at(100s), lease.length);
    BOOST_CHECK(lease.lost_at() == at(127s));
    BOOST_CHECK(keeper.next_renewal() == at(110s));
    BOOST_CHECK(keeper.next_end() == at(127s));
    BOOST_CHECK(!keeper.next_lost(at(127s - 1ns)));
    BOOST_CHECK(keeper.next_lost(at(127s)) == &lease);
    keeper.remove(lease);
    BOOST_CHECK(keeper.empty());
    BOOST_CHECK(keeper.next_end() == never);
}

BOOST_AUTO_TEST_CASE(R4_a_grant_whose_first_answer_was_lost_counts_from_the_first_message) {
    lease_keeper keeper;
    kept_lease lease({1, 1}, "a", 30s, never);
    keeper.add(lease, at(108s), 22s); // granted at 100 s, asked again at 108 s
    BOOST_CHECK(lease.lost_at() == at(127s));
    BOOST_CHECK(keeper.next_renewal() == at(110s));
    keeper.remove(lease);
}

BOOST_AUTO_TEST_CASE(L4_all_leases_are_renewed_together) {
    lease_keeper keeper;
    kept_lease one({1, 1}, colock::keys("a", "b"), 30s, never);
    kept_lease two({1, 2}, "c", 30s, never);
    kept_lease later({1, 3}, "d", 30s, never);
    keeper.add(one, at(100s), one.length);
    keeper.add(two, at(104s), two.length);
    keeper.add(later, at(109s), later.length);
    BOOST_CHECK(keeper.collect(at(110s - 1ns)).empty());
    const auto due = keeper.collect(at(110s)); // what would be due soon comes along
    BOOST_CHECK_EQUAL(due.size(), 3u);
    BOOST_CHECK_EQUAL(count(due, 1), 2u); // one for each key
    BOOST_CHECK_EQUAL(count(due, 2), 1u);
    BOOST_CHECK(keeper.next_renewal() == at(119s)); // those on their way are not due again
    BOOST_CHECK(keeper.renewed(due, at(110s), {}).empty());
    BOOST_CHECK(one.lost_at() == at(137s));
    BOOST_CHECK(two.lost_at() == at(137s));
    BOOST_CHECK(later.lost_at() == at(136s));
    for (kept_lease* lease : {&one, &two, &later})
        keeper.remove(*lease);
}

BOOST_AUTO_TEST_CASE(L3_what_the_server_refuses_is_given_back_once) {
    lease_keeper keeper;
    kept_lease one({1, 1}, colock::keys("a", "b"), 30s, never);
    kept_lease two({1, 2}, "c", 30s, never);
    keeper.add(one, at(0s), one.length);
    keeper.add(two, at(0s), two.length);
    const auto due = keeper.collect(at(10s));
    const auto gone = keeper.renewed(due, at(10s), {1, 1, 77});
    BOOST_REQUIRE_EQUAL(gone.size(), 1u);
    BOOST_CHECK(gone[0] == &one);
    BOOST_CHECK(one.lost_at() == at(27s)); // as it was
    keeper.remove(one);
    keeper.remove(one); // harmless
    BOOST_CHECK(keeper.find(2) == &two);
    keeper.remove(two);
}

BOOST_AUTO_TEST_CASE(L3_a_lease_that_cannot_be_renewed_is_tried_again_until_it_ends) {
    lease_keeper keeper;
    kept_lease lease({1, 1}, "a", 3s, never);
    keeper.add(lease, at(0s), lease.length);
    const auto due = keeper.collect(at(1s));
    keeper.failed(due, at(1200ms));
    BOOST_CHECK(keeper.next_renewal() == at(1200ms));
    BOOST_CHECK_EQUAL(keeper.collect(at(1200ms)).size(), 1u);
    BOOST_CHECK(keeper.next_lost(at(2700ms)) == &lease);
    keeper.remove(lease);
    BOOST_CHECK(keeper.renewed(due, at(2s), {}).empty()); // an answer that comes later finds nothing
    BOOST_CHECK(keeper.empty());
}

BOOST_AUTO_TEST_CASE(E2_no_renewal_moves_the_end_of_the_hold) {
    lease_keeper keeper;
    kept_lease lease({1, 1}, "a", 30s, at(15s));
    keeper.add(lease, at(0s), lease.length);
    BOOST_CHECK(keeper.next_end() == at(15s));
    const auto due = keeper.collect(at(10s));
    BOOST_CHECK(keeper.renewed(due, at(10s), {}).empty());
    BOOST_CHECK(keeper.next_lost(at(15s)) == &lease);
    keeper.remove(lease);
}

BOOST_AUTO_TEST_CASE(R6_all_can_be_renewed_before_it_is_time) {
    lease_keeper keeper;
    kept_lease one({1, 1}, "a", 30s, never);
    kept_lease two({1, 2}, "b", 3s, never);
    keeper.add(one, at(0s), one.length);
    keeper.add(two, at(0s), two.length);
    keeper.renew_all(at(500ms));
    const auto due = keeper.collect(at(500ms));
    BOOST_CHECK_EQUAL(due.size(), 2u);
    BOOST_CHECK(keeper.renewed(due, at(500ms), {2}) == std::vector<kept_lease*>{&two});
    BOOST_CHECK(keeper.next_renewal() == at(10500ms));
    keeper.remove(two);
    keeper.remove(one);
}

BOOST_AUTO_TEST_CASE(many_leases_go_in_several_messages) {
    lease_keeper keeper;
    std::deque<kept_lease> leases;
    for (std::uint64_t i = 1; i <= 1200; ++i)
        keeper.add(leases.emplace_back(colock::grant_id{1, i}, "a", 30s, never), at(0s), 30s);
    std::size_t renewed = 0;
    for (int messages = 0; messages < 3; ++messages) {
        const auto due = keeper.collect(at(10s));
        BOOST_CHECK_LE(due.size(), 500u);
        renewed += due.size();
        BOOST_CHECK(keeper.renewed(due, at(10s), {}).empty());
    }
    BOOST_CHECK_EQUAL(renewed, 1200u);
    BOOST_CHECK(keeper.collect(at(10s)).empty());
    for (auto& lease : leases)
        keeper.remove(lease);
}

BOOST_AUTO_TEST_SUITE_END()
