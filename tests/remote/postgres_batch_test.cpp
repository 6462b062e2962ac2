#include "postgres/batch.hpp"

#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(postgres_batches)

using namespace colock_test;
using namespace colock::postgres;
using namespace colock::remote;

struct step_operation final : operation {
    step_operation(step s, colock::key_set k) {
        what = std::move(s);
        keys = std::move(k);
    }
    void completed(reply) override {}
};

entry make(step what, colock::key_set keys, std::uint64_t number = 0) {
    entry made;
    made.what = std::make_shared<step_operation>(std::move(what), std::move(keys));
    made.what->id = {1, number};
    return made;
}

std::string keys_of(const batch& of) {
    std::string text;
    for (const entry& one : of.entries)
        text += one.what->keys.empty() ? std::string("-") : std::string(one.what->keys[0]);
    return text;
}

BOOST_AUTO_TEST_CASE(K4_rows_are_locked_in_the_order_of_their_keys) {
    std::deque<entry> queue;
    for (const char* key : {"c", "a", "b", "a"})
        queue.push_back(make(acquire_step{}, key, queue.size()));
    const batch all = next_batch(queue, 10);
    BOOST_CHECK_EQUAL(keys_of(all), "aabc");
    BOOST_CHECK_EQUAL(all.entries[0].what->id.number, 1u); // of one key, in the order they came
    BOOST_CHECK_EQUAL(all.entries[1].what->id.number, 3u);
    BOOST_CHECK(queue.empty());
    BOOST_CHECK(next_batch(queue, 10).entries.empty());
}

BOOST_AUTO_TEST_CASE(K4_a_call_with_several_keys_goes_alone) {
    std::deque<entry> queue;
    queue.push_back(make(acquire_step{}, "z"));
    queue.push_back(make(release_step{}, "y"));
    queue.push_back(make(acquire_step{}, colock::keys("b", "a")));
    queue.push_back(make(leave_step{}, colock::key_set()));
    queue.push_back(make(tick_step{}, colock::key_set()));
    queue.push_back(make(extend_step{}, "x"));
    std::string batches;
    while (!queue.empty())
        batches += keys_of(next_batch(queue, 10)) + ' ';
    BOOST_CHECK_EQUAL(batches, "yz a - - x ");
}

BOOST_AUTO_TEST_CASE(one_that_failed_with_others_goes_alone) {
    std::deque<entry> queue;
    for (const char* key : {"a", "b", "c"})
        queue.push_back(make(acquire_step{}, key));
    queue[1].alone = true;
    BOOST_CHECK_EQUAL(keys_of(next_batch(queue, 10)), "a");
    BOOST_CHECK_EQUAL(keys_of(next_batch(queue, 10)), "b");
    BOOST_CHECK_EQUAL(keys_of(next_batch(queue, 10)), "c");
}

BOOST_AUTO_TEST_CASE(a_batch_has_a_limit) {
    std::deque<entry> queue;
    for (int i = 0; i < 5; ++i)
        queue.push_back(make(acquire_step{}, "a"));
    BOOST_CHECK_EQUAL(next_batch(queue, 3).entries.size(), 3u);
    BOOST_CHECK_EQUAL(next_batch(queue, 3).entries.size(), 2u);
}

BOOST_AUTO_TEST_SUITE_END()
