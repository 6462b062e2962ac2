#include "registration.hpp"

#include <colock/memory_provider.hpp>

namespace {

using namespace colock;

std::unique_ptr<provider> make(const boost::asio::any_io_executor&, const conformance::case_setup& setup) {
    memory_provider_options options;
    if (setup.max_waiters)
        options.max_waiters = *setup.max_waiters;
    return std::make_unique<memory_provider>(options);
}

const colock_test::registered
    memory({.name = "memory", .make = make, .unit = colock_test::slowness * std::chrono::milliseconds(15)});

} // namespace
