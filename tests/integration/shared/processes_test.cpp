// Several processes, some of which die or stand still.
#include "stage.hpp"

#include <cmath>

BOOST_AUTO_TEST_SUITE(processes)

using namespace colock_test;

struct visit {
    long called; ///< microseconds
    long granted;
    std::uint64_t token;
    int process;
};

void read_visits(agent_process& who, const std::string& call, std::vector<visit>& to, int process) {
    while (const auto said = who.answer(call)) {
        if (said->front() == "end")
            return;
        BOOST_REQUIRE_EQUAL(said->front(), "visit");
        to.push_back({std::stol(said->at(1)), std::stol(said->at(2)), std::stoull(said->at(3)), process});
    }
    BOOST_FAIL("an agent fell silent");
}

BOOST_AUTO_TEST_CASE(W1_two_processes_with_64_waiters_take_turns_in_order) {
    stage t;
    auto held = t.s.now(t.s.locks->lock("a"));
    agent_process one(t.url());
    agent_process two(t.url());
    // One after the other: calls of the same instant have no order.
    std::vector<std::string> calls[2];
    for (std::size_t waiting = 0; waiting < 64;) {
        calls[0].push_back(one.call("visit a 5"));
        t.s.until([&] { return t.s.waiters("a") == waiting + 1; }, "a call of one process was queued");
        calls[1].push_back(two.call("visit a 5"));
        waiting += 2;
        t.s.until([&] { return t.s.waiters("a") == waiting; }, "a call of the other process was queued");
    }
    BOOST_CHECK(t.s.now(held.release()));
    std::vector<visit> visits;
    for (int i = 0; i < 32; ++i) {
        read_visits(one, calls[0][std::size_t(i)], visits, 0);
        read_visits(two, calls[1][std::size_t(i)], visits, 1);
    }
    BOOST_REQUIRE_EQUAL(visits.size(), 320u);
    std::sort(visits.begin(), visits.end(), [](auto& a, auto& b) { return a.token < b.token; });
    std::size_t inverted = 0;
    std::size_t pairs = 0;
    std::vector<long> hand_offs; // from one process to the other, the release included
    for (std::size_t i = 0; i + 1 < visits.size(); ++i) {
        BOOST_CHECK_LT(visits[i].token, visits[i + 1].token);
        BOOST_CHECK_LT(visits[i].granted, visits[i + 1].granted); // one at a time
        if (visits[i].process != visits[i + 1].process)
            hand_offs.push_back(visits[i + 1].granted - visits[i].granted);
        for (std::size_t j = i + 1; j < std::min(i + 64, visits.size()); ++j, ++pairs)
            inverted += visits[i].called > visits[j].called;
    }
    BOOST_TEST_MESSAGE(inverted << " of " << pairs << " pairs not in the order of their calls");
    BOOST_CHECK_LT(double(inverted), 0.01 * double(pairs));
    BOOST_REQUIRE(!hand_offs.empty());
    std::sort(hand_offs.begin(), hand_offs.end());
    BOOST_TEST_MESSAGE(hand_offs.size()
                       << " hand-offs between the processes: p50 " << hand_offs[hand_offs.size() / 2]
                       << " us, p99 " << hand_offs[hand_offs.size() * 99 / 100] << " us");
}

BOOST_AUTO_TEST_CASE(L1_a_killed_holder_is_missed_after_its_lease) {
    stage t;
    constexpr auto lease = 600ms;
    agent_process holder(t.url());
    const auto token = std::stoull(holder.expect(holder.call("lock a 600 0"), "held"));
    const auto waiting = t.s.queue(t.s.locks->lock("a", {.wait = forever}), "a");
    t.s.pass(lease); // it is renewed meanwhile
    BOOST_CHECK(!waiting.done());
    holder.kill();
    const auto killed = time::now();
    auto next = waiting;
    auto taken = t.s.finish(next);
    const auto took = time::now() - killed;
    BOOST_CHECK(took > lease / 2); // a third of it may have been over
    BOOST_CHECK(took < lease + slack(killed));
    BOOST_CHECK_GT(taken.token(), token);
}

BOOST_AUTO_TEST_CASE(L1_what_a_killed_process_acquired_for_an_owner_stays) {
    stage t;
    agent_process holder(t.url());
    const auto token = std::stoull(holder.expect(holder.call("acquire a me 3600000 0"), "granted"));
    holder.kill();
    const auto again = t.s.now(t.s.locks->acquire("a", {.owner = "me"}));
    BOOST_CHECK_EQUAL(again.token(), token);
    BOOST_CHECK(t.s.now(t.s.locks->release("a", {.owner = "me"})));
}

// The places of dead processes are all given up at once. A process that merely stood still queues again.
BOOST_AUTO_TEST_CASE(W2_a_hundred_dead_waiters_cost_the_next_one_wait) {
    stage t;
    auto held = t.s.now(t.s.locks->lock("a"));
    std::vector<agent_process> dying;
    for (int i = 0; i < 4; ++i)
        dying.emplace_back(t.url());
    agent_process sleeping(t.url());
    const auto patient = sleeping.call("lock a 2000 -1");
    t.s.until([&] { return t.s.waiters("a") == 1; }, "a call was queued");
    for (int i = 0; i < 25; ++i)
        for (auto& each : dying)
            each.call("lock a 2000 -1");
    t.s.until([&] { return t.s.waiters("a") == 101; }, "101 calls were queued");
    auto waiting = t.s.queue(t.s.locks->lock("a", {.wait = forever}), "a");
    for (auto& each : dying)
        each.kill();
    sleeping.stop();
    const auto died = time::now();
    BOOST_CHECK(t.s.now(held.release()));
    auto next = t.s.finish(waiting);
    const auto took = time::now() - died;
    BOOST_TEST_MESSAGE("it took " << took / 1ms << " ms");
    BOOST_CHECK(took > 2s);
    BOOST_CHECK(took < 5s + 2 * slack(died));
    sleeping.resume();
    t.s.until([&] { return t.s.waiters("a") == 1; }, "the process that had stood still queued again");
    BOOST_CHECK(t.s.now(next.release()));
    BOOST_CHECK_EQUAL(t.until_said(sleeping, patient).front(), "held");
}

BOOST_AUTO_TEST_CASE(L3_a_holder_that_stood_still_learns_of_its_loss_before_it_does_anything) {
    stage t;
    agent_process holder(t.url());
    const auto work = holder.call("work a 500");
    const auto token = std::stoull(holder.expect(work, "write"));
    const auto guard = holder.call("lock b 500 0");
    holder.expect(guard, "held");
    holder.stop();
    while (holder.answer(work, 0ms)) { // what it had said before
    }
    auto a = t.s.now(t.s.locks->lock("a", {.wait = forever}));
    const auto b = t.s.now(t.s.locks->lock("b", {.wait = forever}));
    BOOST_CHECK_GT(a.token(), token);
    holder.resume();
    BOOST_CHECK_EQUAL(t.until_said(holder, work).front(), "lost");
    BOOST_CHECK_EQUAL(t.until_said(holder, guard).front(), "lost");
    BOOST_CHECK_EQUAL(t.until_said(holder, work).front(), "error");
    // What it gives up now is not what others hold.
    BOOST_CHECK_EQUAL(t.until_said(holder, holder.call("drop " + guard)).at(1), "0");
    BOOST_CHECK(!a.lost() && !b.lost());
    BOOST_CHECK(!t.s.is_free("a") && !t.s.is_free("b"));
    BOOST_CHECK(t.s.now(a.release()));
}

BOOST_AUTO_TEST_CASE(O5_release_all_tells_the_other_process) {
    stage t;
    agent_process holder(t.url());
    const auto guard = holder.call("lock a 30000 0");
    holder.expect(guard, "held");
    BOOST_CHECK_EQUAL(t.s.now(t.s.locks->release_all()), 1u);
    const auto before = time::now();
    BOOST_CHECK_EQUAL(t.until_said(holder, guard).front(), "lost");
    BOOST_CHECK(time::now() - before < 2s); // long before it would have been renewed
}

BOOST_AUTO_TEST_CASE(W4_a_cancelled_call_of_another_process_leaves_nothing) {
    stage t;
    auto held = t.s.now(t.s.locks->lock("a"));
    agent_process other(t.url());
    const auto call = other.call("lock a 30000 -1");
    t.s.until([&] { return t.s.waiters("a") == 1; }, "a call was queued");
    other.cancel(call);
    BOOST_CHECK_EQUAL(t.until_said(other, call).front(), "error");
    t.s.until([&] { return t.s.waiters("a") == 0; }, "it had left its queue");
    BOOST_CHECK(t.s.now(held.release()));
    t.s.until([&] { return t.is_clean(); }, "nothing was left");
}

BOOST_AUTO_TEST_SUITE_END()
