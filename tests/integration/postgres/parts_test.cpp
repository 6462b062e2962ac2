// What is too much for one message is done in parts.
#include "stage.hpp"

#include <cstdio>

BOOST_AUTO_TEST_SUITE(parts)

using namespace colock_test;

/// In order.
std::string name(const char* what, int number) {
    char text[32];
    std::snprintf(text, sizeof text, "%s %04d", what, number);
    return text;
}

/// Takes keys for nobody in particular, without end.
void take_many(stage& t, const char* what, int count) {
    std::vector<started<colock::grant>> all;
    for (int i = 0; i < count; ++i)
        all.push_back(t.s.start(t.s.locks->acquire(name(what, i))));
    for (auto& each : all)
        t.s.finish(each);
}

BOOST_AUTO_TEST_CASE(O5_thousands_are_listed_and_released) {
    stage t({.query = "connect_timeout=20s"});
    constexpr int count = 1100;
    take_many(t, "a", count);
    const auto all = t.s.now(t.s.locks->list());
    BOOST_CHECK_EQUAL(all.size(), std::size_t(count));
    for (std::size_t i = 0; i < all.size(); ++i)
        BOOST_REQUIRE_EQUAL(all[i].key, name("a", int(i)));
    BOOST_CHECK_EQUAL(t.s.now(t.s.locks->list({.prefix = "a 1"})).size(), 100u);
    BOOST_CHECK_EQUAL(t.s.now(t.s.locks->release_all()), std::size_t(count));
    BOOST_CHECK_EQUAL(t.s.listed(), 0u);
    BOOST_CHECK(t.is_clean());
}

// Keys that are free and that nobody has used for a minute go; others stay.
BOOST_AUTO_TEST_CASE(L1_keys_that_are_not_used_go) {
    stage t({.query = "connect_timeout=20s"});
    const auto straight = t.straight(); // it has nothing to do, so that it clears nothing away
    take_many(t, "a", 600);
    BOOST_CHECK(t.s.is_free(keys("free", "used")));
    auto waiting = t.s.queue(t.s.locks->lock(keys("a 0000", "promised"), {.wait = forever}), "promised");
    t.sql().query(
        "UPDATE colock.lock SET changed = changed - 61000000 WHERE namespace = $1 AND key <> 'used'",
        {t.name_space()});
    t.s.until(
        [&] {
            t.proxy.cut(); // when it has connected again, the service clears away a part
            BOOST_CHECK(t.s.now(t.s.locks->list({.prefix = "none"})).empty());
            return t.rows("lock", "key = 'free'") == 0;
        },
        "the key had gone");
    BOOST_CHECK_EQUAL(t.rows("lock"), 602);
    for (const std::string row : {"key = 'used'", "key = 'promised' AND changed < colock.now() - 60000000"})
        BOOST_CHECK_EQUAL(t.rows("lock", row), 1); // and was not made anew
    BOOST_CHECK(!t.s.now(straight->try_acquire("promised")));
    BOOST_CHECK_EQUAL(t.s.now(straight->release_all()), 600u);
    BOOST_CHECK(t.s.now(t.s.finish(waiting).release()));
}

// A notification has no room for the numbers of all.
BOOST_AUTO_TEST_CASE(O5_release_all_tells_a_thousand_guards_of_another_process) {
    stage t({.query = "connect_timeout=20s"});
    const auto straight = t.straight();
    std::vector<started<colock::guard>> all;
    for (int i = 0; i < 1000; ++i)
        all.push_back(t.s.start(straight->lock("a", {.wait = 0s, .mode = colock::lock_mode::shared})));
    for (auto& each : all)
        t.s.until([&] { return each.done(); }, "a reader entered");
    t.until_listening();
    BOOST_CHECK_EQUAL(t.s.now(t.s.locks->release_all()), 1u);
    const auto before = time::now();
    for (auto& each : all)
        t.s.until([&] { return each.get().lost(); }, "a guard was told");
    BOOST_CHECK(time::now() - before < 5s); // long before it would have been renewed
}

BOOST_AUTO_TEST_SUITE_END()
