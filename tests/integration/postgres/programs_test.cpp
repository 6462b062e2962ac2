// Our own programs run on it, by URL.
#include "postgres_server.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(programs)

using namespace colock_test;

int run(std::vector<std::string> arguments) {
    return child_process(std::move(arguments)).wait();
}

#ifdef COLOCK_QUICKSTART
BOOST_AUTO_TEST_CASE(the_tour) {
    postgres_server server;
    BOOST_CHECK_EQUAL(run({COLOCK_QUICKSTART, "--provider=" + server.url("namespace=tour")}), 0);
    BOOST_CHECK_EQUAL(run({COLOCK_QUICKSTART, "--provider=" + server.url("max_waiters=many")}) >> 8, 2);
}
#endif

#ifdef COLOCK_BENCH_CONTENTION
// It finds overlapping holders and tokens that do not grow, and fails then.
BOOST_AUTO_TEST_CASE(contention) {
    postgres_server server;
    for (const std::string how : {"lock", "execute", "acquire"})
        BOOST_CHECK_EQUAL(
            run({COLOCK_BENCH_CONTENTION, "--provider", server.url(), "--operation", how, "--keys", "4",
                 "--coroutines", "16", "--threads", "2", "--shared", "0.2", "--operations", "1000"}),
            0);
    server.shut_down_at_once();
    BOOST_CHECK_EQUAL(run({COLOCK_BENCH_CONTENTION, "--provider", server.url("connect_timeout=200ms"),
                           "--wait", "300ms"}) >>
                          8,
                      3);
}
#endif

BOOST_AUTO_TEST_SUITE_END()
