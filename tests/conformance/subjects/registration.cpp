#include "registration.hpp"

#include <boost/test/unit_test.hpp>

#include <iostream>
#include <string>

namespace colock_test {

using namespace colock::conformance;

registered::registered(subject who) {
    auto* suite = BOOST_TEST_SUITE(who.name);
    for (const auto& each : cases()) {
        const auto test = [each, who] {
            const outcome o = run(each, who);
            if (o.result == result::skipped)
                BOOST_TEST_MESSAGE("skipped: " << each.name);
            BOOST_CHECK_MESSAGE(o.result != result::failed, each.name << " failed:\n" << o.text);
        };
        suite->add(boost::unit_test::make_test_case(test, std::string(each.name), __FILE__, __LINE__));
    }
    boost::unit_test::framework::master_test_suite().add(suite);
}

} // namespace colock_test
