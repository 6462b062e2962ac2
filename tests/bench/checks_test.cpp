#include "key_check.hpp"
#include "key_queue.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

// What checks must be able to fail: here they are given what a lock must not do.
BOOST_AUTO_TEST_SUITE(checks)

using namespace contention;
constexpr auto exclusive = lock_mode::exclusive;
constexpr auto shared = lock_mode::shared;

BOOST_AUTO_TEST_CASE(a_lock_that_works_passes) {
    key_check key;
    BOOST_TEST(!key.enter(exclusive, 1, 0));
    key.leave(exclusive);
    BOOST_TEST(!key.enter(shared, 3, 1));
    BOOST_TEST(!key.enter(shared, 2, 1)); // granted together, resumed in another order
    key.leave(shared);
    key.leave(shared);
    BOOST_TEST(!key.enter(exclusive, 4, key.greatest_token()));
}

BOOST_AUTO_TEST_CASE(holders_that_overlap) {
    key_check key;
    BOOST_TEST(!key.enter(exclusive, 1, 0));
    BOOST_TEST(key.enter(exclusive, 2, 0).writers == 1u);
    BOOST_TEST(key.enter(shared, 3, 0).writers == 2u);
    key.leave(exclusive);
    key.leave(exclusive);
    BOOST_TEST(!key.enter(shared, 4, 0));
    const breach found = key.enter(exclusive, 5, 0);
    BOOST_TEST(found.readers == 2u);
    BOOST_TEST(found.overlap());
    BOOST_TEST(!found.stale_token);
    BOOST_TEST(describe(found, "k") ==
               "key \"k\" was granted exclusively while 2 holders were there that share it");
}

BOOST_AUTO_TEST_CASE(tokens_that_do_not_grow) {
    for (const auto& [first, second] :
         {std::pair{exclusive, exclusive}, {exclusive, shared}, {shared, exclusive}})
        for (const std::uint64_t token : {4u, 5u}) {
            key_check key;
            BOOST_TEST(!key.enter(first, 5, 0));
            key.leave(first);
            const breach found = key.enter(second, token, 0);
            BOOST_TEST(found.stale_token);
            BOOST_TEST(!found.overlap());
            BOOST_TEST(describe(found, "k") == "key \"k\" was granted with token " + std::to_string(token) +
                                                   ", which is not greater than 5 of an earlier grant");
        }
}

BOOST_AUTO_TEST_CASE(a_token_that_was_seen_before_the_call) {
    key_check key;
    BOOST_TEST(!key.enter(shared, 5, 0));
    const std::uint64_t seen = key.greatest_token();
    BOOST_TEST(key.enter(shared, 5, seen).stale_token);
    BOOST_TEST(key_check().enter(shared, 0, 0).stale_token); // no token at all
}

namespace {

/// A key, and the one thread that calls for it.
struct one_key {
    key_queue queue;
    thread_trace thread;
};

struct caller {
    caller(one_key& key, moment at, lock_mode mode = exclusive, moment deadline = 1'000'000'000)
        : queue(key.queue) {
        key.thread.moved_on(at);
        call.begin(at, deadline, mode);
        queue.join(place);
        key.thread.called(call);
    }
    bool overtakes(moment now) { return queue.take(place, now, true).overtook != nullptr; }

    key_queue& queue;
    waiting_call call;
    key_queue::place place{&call};
};

} // namespace

BOOST_AUTO_TEST_CASE(grants_in_order) {
    one_key key;
    caller a(key, 10);
    caller b(key, 11);
    caller c(key, 11);
    for (caller* each : {&a, &b, &c}) {
        BOOST_TEST(!each->overtakes(20));
        BOOST_TEST(each->call.overtaken() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(grants_out_of_order) {
    one_key key;
    caller a(key, 10);
    caller b(key, 11);
    caller c(key, 12);
    BOOST_TEST(c.overtakes(20));
    BOOST_TEST(b.overtakes(21));
    BOOST_TEST(!a.overtakes(22));
    BOOST_TEST(a.call.overtaken() == 2u); // each counts once, for who has come first
    BOOST_TEST(b.call.overtaken() == 0u);
}

BOOST_AUTO_TEST_CASE(readers_pass_readers_but_not_writers) {
    one_key key;
    caller first(key, 10, shared);
    caller second(key, 11, shared);
    caller writer(key, 12);
    caller late(key, 13, shared);
    BOOST_TEST(!second.overtakes(20));
    BOOST_TEST(late.overtakes(21));
    BOOST_TEST(writer.overtakes(22));
    BOOST_TEST(!first.overtakes(23));
}

BOOST_AUTO_TEST_CASE(who_may_have_timed_out_is_not_overtaken) {
    one_key key;
    caller impatient(key, 10, exclusive, 15);
    caller b(key, 11);
    BOOST_TEST(!b.overtakes(15));
    key.queue.give_up(impatient.place, 16);
}

BOOST_AUTO_TEST_CASE(calls_of_several_threads_that_were_made_at_once_have_no_order) {
    key_queue queue;
    waiting_call a;
    waiting_call b;
    thread_trace as_thread;
    key_queue::place pa{&a};
    const auto call = [&](moment at) {
        key_queue::place pb{&b};
        b.begin(at, 1'000'000'000, exclusive);
        queue.join(pb);
        return queue.take(pb, at + 1, false).overtook != nullptr;
    };
    a.begin(10, 1'000'000'000, exclusive);
    queue.join(pa);
    as_thread.called(a); // and the thread might be held up there
    BOOST_TEST(!call(20));
    BOOST_TEST(call(10 + waiting_call::idle_slack));
    as_thread.moved_on(30);
    BOOST_TEST(!call(29));
    BOOST_TEST(call(30));

    // The thread that moves on late says nothing of another call.
    BOOST_TEST(!queue.take(pa, 40, false).overtook);
    as_thread.called(a);
    a.begin(50, 1'000'000'000, exclusive);
    queue.join(pa);
    as_thread.moved_on(51);
    BOOST_TEST(!call(60));
}

BOOST_AUTO_TEST_CASE(hand_off_is_from_the_release_that_let_a_call_in) {
    one_key key;
    caller writer(key, 10);
    caller reader(key, 11, shared);
    key.queue.release(exclusive, 20);
    key.queue.release(shared, 30);
    const auto to_writer = key.queue.take(writer.place, 40, false);
    BOOST_TEST(to_writer.freed);
    BOOST_TEST(to_writer.released == 30);
    const auto to_reader = key.queue.take(reader.place, 41, false);
    BOOST_TEST(to_reader.freed);
    BOOST_TEST(to_reader.released == 20); // readers do not keep each other out

    caller timed_out(key, 50);
    caller next(key, 51);
    key.queue.release(exclusive, 52);
    key.queue.give_up(timed_out.place, 60);
    BOOST_TEST(!key.queue.take(next.place, 61, false).freed); // no release, but that departure
}

BOOST_AUTO_TEST_SUITE_END()
