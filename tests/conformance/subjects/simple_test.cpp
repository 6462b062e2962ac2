// A provider of a user's own, which lacks much and says so.
#include "registration.hpp"
#include "simple_provider.hpp"

namespace {

using namespace colock::conformance;

const colock_test::registered
    simple({.name = "simple",
            .make = [](const boost::asio::any_io_executor&,
                       const case_setup&) { return std::make_unique<colock_test::simple_provider>(); },
            .lacks = {feature::owners, feature::waiting, feature::shared, feature::expiry, feature::listing,
                      feature::notices, feature::statistics, feature::events, feature::bounded_queues,
                      feature::many_instances},
            .unit = colock_test::slowness * std::chrono::milliseconds(15)});

} // namespace
