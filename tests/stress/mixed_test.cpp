#include "worker.hpp"

#include <boost/test/unit_test.hpp>

// Many coroutines do all kinds of operations on few keys. The seed is printed, and COLOCK_SEED sets it; what
// the threads make of it is another matter.
BOOST_AUTO_TEST_SUITE(mixed_operations)

using namespace colock_test;

namespace {

constexpr std::size_t workers = 16;

template<class Place>
std::vector<place> places(Place make) {
    std::vector<place> all;
    for (std::size_t i = 0; i < workers; ++i)
        all.push_back(make(i));
    return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(Z3_two_threads_of_one_io_context_on_strands) {
    io_threads threads(1, 2);
    arena all(threads.plain(0).executor, true, false);
    all.start(places([&](std::size_t i) { return threads.strand(i); }), scaled(4000));
    threads.join();
    all.finish();
}

BOOST_AUTO_TEST_CASE(Z3_E7_four_threads_of_one_io_context_without_strands) {
    io_threads threads(1, 4);
    arena all(threads.plain(0).executor, false, false);
    all.start(places([&](std::size_t i) { return threads.plain(i); }), scaled(4000));
    threads.join();
    all.finish();
}

BOOST_AUTO_TEST_CASE(Z3_an_io_context_per_thread) {
    io_threads threads(4, 1);
    arena all(threads.plain(0).executor, true, false);
    all.start(places([&](std::size_t i) { return threads.plain(i); }), scaled(4000));
    threads.join();
    all.finish();
}

BOOST_AUTO_TEST_CASE(Z3_a_thread_pool) {
    asio::thread_pool pool(3);
    arena all(pool.get_executor(), true, false);
    all.start(places([&](std::size_t) { return strand_of(pool); }), scaled(4000));
    pool.join();
    all.finish();
}

BOOST_AUTO_TEST_CASE(O5_L3_everybody_loses_locks_now_and_then) {
    asio::thread_pool pool(3);
    arena all(pool.get_executor(), true, true);
    all.start(places([&](std::size_t) { return strand_of(pool); }), scaled(4000));
    pool.join();
    all.finish();
}

BOOST_AUTO_TEST_SUITE_END()
