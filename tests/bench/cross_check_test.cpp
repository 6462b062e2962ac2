#include "cross_check.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(contention_cross_check)

using namespace contention;

namespace {

constexpr auto reader = lock_mode::shared;
constexpr auto writer = lock_mode::exclusive;

/// A grant of one key, from `granted` to `released`, asked for at `called`.
logged_grant grant(std::uint64_t token, moment called, moment granted, moment released,
                   lock_mode mode = writer) {
    logged_grant g;
    g.token = token;
    g.called = called;
    g.granted = granted;
    g.released = released;
    g.done = released + 1;
    g.mode = mode;
    g.first = g.counted = true;
    return g;
}

/// The calls of one process, numbered.
grant_log log_of(std::vector<logged_grant> grants) {
    std::uint64_t call = 0;
    for (auto& g : grants)
        g.call = ++call;
    return grants;
}

cross_findings check(std::vector<logged_grant> one, std::vector<logged_grant> two) {
    return check_across({log_of(std::move(one)), log_of(std::move(two))}, 1, "k:");
}

} // namespace

BOOST_AUTO_TEST_CASE(in_turns_all_is_well) {
    const auto found = check({grant(10, 1, 2, 5), grant(30, 6, 9, 12)}, {grant(20, 1, 6, 8)});
    BOOST_TEST(found.overlaps == 0u);
    BOOST_TEST(found.token_regressions == 0u);
    BOOST_TEST(found.first_breach == "");
    BOOST_TEST(found.inversions == 0u);
    BOOST_TEST(found.hand_off.count() == 2u); // the first waited for nobody
    BOOST_TEST(found.hand_off_across.count() == 2u);
    BOOST_TEST(found.hand_off.percentile(1) == 1u);
    BOOST_TEST(found.wait.percentile(1) == 5u);
    BOOST_TEST(found.hold.percentile(1) == 4u);
    BOOST_TEST(found.shares == (std::vector<std::uint64_t>{2, 1}), boost::test_tools::per_element());
    BOOST_TEST(found.process_shares == (std::vector<std::uint64_t>{2, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(holders_of_two_processes_overlap) {
    const auto found = check({grant(10, 1, 2, 5)}, {grant(20, 1, 4, 8)});
    BOOST_TEST(found.overlaps == 1u);
    BOOST_TEST(found.token_regressions == 0u);
    BOOST_TEST(
        found.first_breach ==
        "key \"k:0\" was granted to process 1 (token 20) while it was still held by process 0 (token 10)");
    // Also one that is hidden behind a shorter hold between them.
    BOOST_TEST(check({grant(10, 1, 2, 50), grant(20, 1, 3, 4)}, {grant(30, 1, 10, 20)}).overlaps == 2u);
}

BOOST_AUTO_TEST_CASE(a_token_that_does_not_grow) {
    const auto found = check({grant(20, 1, 2, 5)}, {grant(10, 1, 6, 8)});
    BOOST_TEST(found.token_regressions == 1u);
    BOOST_TEST(found.overlaps == 0u);
    BOOST_TEST(check({grant(20, 1, 2, 5)}, {grant(20, 1, 6, 8)}).token_regressions == 1u);
}

BOOST_AUTO_TEST_CASE(readers_overlap_rightly_and_writers_do_not) {
    auto found = check({grant(10, 1, 2, 9, reader)}, {grant(20, 1, 3, 8, reader)});
    BOOST_TEST(found.overlaps == 0u);
    BOOST_TEST(found.hand_off.count() == 0u);
    found = check({grant(10, 1, 2, 9, reader), grant(11, 1, 3, 5, reader)}, {grant(20, 1, 8, 12)});
    BOOST_TEST(found.overlaps == 1u);
    BOOST_TEST(check({grant(10, 1, 2, 9)}, {grant(20, 1, 8, 12, reader)}).overlaps == 1u);
    // One that a second writer hides.
    BOOST_TEST(check({grant(10, 1, 2, 9), grant(11, 1, 9, 10)}, {grant(20, 1, 8, 12, reader)}).overlaps ==
               1u);
}

BOOST_AUTO_TEST_CASE(different_keys_have_nothing_to_do_with_each_other) {
    auto other = grant(5, 1, 3, 4);
    other.key = 1;
    const auto found = check({grant(10, 1, 2, 9)}, {other});
    BOOST_TEST(found.overlaps + found.token_regressions == 0u);
    BOOST_TEST(found.hand_off.count() == 0u);
}

BOOST_AUTO_TEST_CASE(who_came_later_and_was_granted_first_overtook) {
    const moment late = order_slack + 10;
    BOOST_TEST(check({grant(20, 1, late + 9, late + 12)}, {grant(10, late, late + 2, late + 5)}).inversions ==
               1u);
    BOOST_TEST(check({grant(20, 1, 109, 112)}, {grant(10, 100, 102, 105)}).inversions ==
               0u); // nearly at once
    BOOST_TEST(
        check({grant(20, 1, late + 9, late + 12, reader)}, {grant(10, late, late + 2, late + 5, reader)})
            .inversions == 0u);
}

BOOST_AUTO_TEST_CASE(of_several_keys_the_last_to_be_free_lets_a_call_in) {
    auto a = grant(10, 1, 2, 5);
    auto b = grant(11, 1, 2, 8);
    b.key = 1;
    auto both = grant(20, 3, 9, 12);
    auto second = both;
    second.key = 1;
    second.first = false;
    both.call = second.call = 1;
    const auto found = check_across({log_of({a, b}), {both, second}}, 1, "");
    BOOST_TEST(found.hand_off.count() == 1u);
    BOOST_TEST(found.hand_off.percentile(1) == 1u);
    BOOST_TEST(found.process_shares.at(1) == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_outside_the_window_is_checked_and_not_counted) {
    auto warm = grant(10, 1, 2, 5);
    warm.counted = false;
    const auto found = check({warm}, {grant(20, 1, 4, 8)});
    BOOST_TEST(found.overlaps == 1u);
    BOOST_TEST(found.process_shares.at(0) == 0u);
    BOOST_TEST(found.wait.count() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
