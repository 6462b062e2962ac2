#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(keys)

using namespace colock_test;

BOOST_AUTO_TEST_CASE(K1_all_or_nothing) {
    world w;
    auto held = w.now(w.locks->lock("b"));
    BOOST_CHECK(fails_with(errc::already_locked, [&] { w.now(w.locks->acquire(colock::keys("a", "b", "c"))); }));
    BOOST_CHECK_EQUAL(w.held(), 1u);
    BOOST_CHECK(w.now(w.locks->try_lock("a")).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
