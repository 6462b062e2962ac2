#include "postgres_server.hpp"
#include "registration.hpp"

#include <colock/postgres_provider.hpp>

#include <algorithm>

namespace {

using namespace colock;
using namespace std::chrono_literals;

colock_test::postgres_server& server() {
    static colock_test::postgres_server one;
    return one;
}

std::unique_ptr<provider> make(const boost::asio::any_io_executor& executor,
                               const conformance::case_setup& setup) {
    postgres_options options;
    options.connection = server().url();
    options.name_space = setup.space;
    if (setup.max_waiters)
        options.max_waiters = *setup.max_waiters;
    return std::make_unique<postgres_provider>(executor, options);
}

const colock_test::registered postgres({.name = "postgres",
                                        .make = make,
                                        .lacks = {},
                                        // a step takes a commit, and connecting some ten of them
                                        .unit = std::max<duration>(200ms, colock_test::slowness * 100ms),
                                        .slack = 40ms,
                                        .precision = 1ms});

} // namespace
