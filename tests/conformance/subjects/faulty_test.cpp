// The suite finds what is wrong with a provider, in the case that says so.
#include "faulty_provider.hpp"
#include "registration.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <sstream>

BOOST_AUTO_TEST_SUITE(faulty)

using namespace colock::conformance;
using colock_test::fault;

subject faulty(fault what) {
    subject who;
    who.name = "faulty";
    who.make = [what](const boost::asio::any_io_executor& executor, const case_setup& setup) {
        return colock_test::make_faulty(what, executor, setup.max_waiters);
    };
    who.unit = colock_test::slowness * std::chrono::milliseconds(15);
    if (what != fault::none)
        who.patience = 12 * who.unit; // what hangs shall not take long
    return who;
}

outcome run_named(std::string_view name, const subject& who) {
    const auto found = std::find_if(cases().begin(), cases().end(), [&](auto& c) { return c.name == name; });
    BOOST_REQUIRE_MESSAGE(found != cases().end(), "there is no case " << name);
    return run(*found, who);
}

struct finding {
    fault what;
    const char* name;
};
const finding findings[] = {
    {fault::excludes_nobody, "O2_a_lock_of_nobody_is_never_entered_again"},
    {fault::excludes_nobody, "O3_without_a_wait_a_held_key_is_refused_at_once"},
    {fault::excludes_nobody, "Z3_from_many_threads_and_contexts_at_once"},
    {fault::stale_tokens, "T1_every_grant_carries_one_greater_than_all_before"},
    {fault::stale_tokens, "T2_they_grow_through_release_and_expiry"},
    {fault::barging, "O3_a_key_promised_to_a_queued_call_counts_as_held"},
    {fault::barging, "W1_first_come_first_served"},
    {fault::polling, "W2_a_release_wakes_the_next_at_once"},
    {fault::piecemeal, "K1_a_failing_call_keeps_nothing"},
    {fault::deaf, "W4_cancellation_of_all_three_types"},
    {fault::deaf, "E6_cancelling_it_cancels_the_wait"},
    {fault::leaking, "W4_cancelled_at_every_step_of_a_wait"},
    {fault::leaking, "W4_many_cancelled_waits_leave_nothing"},
    {fault::late, "W3_a_wait_ends_at_its_deadline"},
    {fault::endless_leases, "L1_a_lock_ends_by_itself_and_leaves_nothing"},
    {fault::endless_leases, "W2_an_expiry_wakes_the_next_at_once"},
    {fault::careless_release, "O4_release_of_a_grant_spares_what_came_after_it"},
    {fault::forgetful_release, "O4_release_by_key_is_for_the_owner_alone"},
    {fault::silent_loss, "L3_a_guard_tells_that_it_was_lost"},
    {fault::silent_loss, "L3_a_lost_lock_cancels_the_job"},
    {fault::unbounded, "W5_a_full_queue_refuses"},
    {fault::open_for_ever, "Z1_close_refuses_and_ends_all_waits"},
    {fault::nosy_list, "list_by_prefix_and_owner"},
};

BOOST_AUTO_TEST_CASE(each_fault_is_found) {
    for (const finding& each : findings) {
        // Without exclusion there are data races, which the thread sanitizer finds first.
        if (colock_test::races_are_fatal && std::string_view(each.name).starts_with("Z3"))
            continue;
        const outcome with = run_named(each.name, faulty(each.what));
        BOOST_CHECK_MESSAGE(with.result == result::failed && !with.text.empty(),
                            each.name << " found nothing");
        BOOST_TEST_MESSAGE(each.name << " found:\n" << with.text);
        const outcome without = run_named(each.name, faulty(fault::none));
        BOOST_CHECK_MESSAGE(without.result == result::passed,
                            each.name << " found too much: " << without.text);
    }
}

BOOST_AUTO_TEST_CASE(a_case_that_needs_what_is_lacking_is_skipped) {
    subject who = faulty(fault::unbounded);
    who.lacks = {feature::bounded_queues, feature::many_instances};
    BOOST_CHECK(run_named("W5_a_full_queue_refuses", who).result == result::skipped);
    BOOST_CHECK(run_named("O3_instances_exclude_each_other", who).result == result::skipped);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_made_fails) {
    subject who = faulty(fault::none);
    who.make = [](const boost::asio::any_io_executor&, const case_setup&) {
        return std::unique_ptr<colock::provider>();
    };
    BOOST_CHECK(run(cases()[0], who).result == result::failed);
}

BOOST_AUTO_TEST_CASE(a_report_is_written) {
    std::ostringstream out;
    BOOST_CHECK(run_all(faulty(fault::none), out, "K2_"));
    BOOST_CHECK_EQUAL(out.str(), "ok      K2_keys_are_taken_once\nfaulty: 1 passed, 0 failed, 0 skipped\n");
    BOOST_CHECK(!run_all(faulty(fault::stale_tokens), out, "T1_every"));
    BOOST_CHECK(out.str().find("FAILED  T1_every") != std::string::npos);
    BOOST_CHECK(!run_all(faulty(fault::none), out, "no such case"));
}

BOOST_AUTO_TEST_SUITE_END()
