#define BOOST_TEST_MODULE colock
#include <boost/test/unit_test.hpp>
