#include "redis_server.hpp"
#include "registration.hpp"

#include <colock/redis_provider.hpp>

namespace {

using namespace colock;
using namespace std::chrono_literals;

colock_test::redis_server& server() {
    static colock_test::redis_server one;
    return one;
}

std::unique_ptr<provider> make(const boost::asio::any_io_executor& executor,
                               const conformance::case_setup& setup) {
    redis_options options;
    options.host = "127.0.0.1";
    options.port = server().port();
    options.name_space = setup.space;
    if (setup.max_waiters)
        options.max_waiters = *setup.max_waiters;
    return std::make_unique<redis_provider>(executor, options);
}

const colock_test::registered redis({.name = "redis",
                                     .make = make,
                                     .lacks = {},
                                     .unit = colock_test::slowness * 50ms,
                                     .slack = 20ms,
                                     .precision = 1ms});

} // namespace
