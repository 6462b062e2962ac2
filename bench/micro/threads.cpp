// The rows of several threads on one provider.
#include "threads.hpp"
#include "baselines.hpp"
#include "ours.hpp"
#include "runner.hpp"

namespace colock_bench {
namespace {

template<class Lock, class Pick>
void add_two(runner& to, const std::string& whose, int count) {
    to.add(
        "operations/us, 2 threads, " + std::string(Pick::name) + whose,
        [=] { return throughput<Lock, Pick>(2, count); }, "operations/us");
}

template<class Lock>
void add_pairs(runner& to, const std::string& whose, int count, int hot_count) {
    add_two<Lock, own_key>(to, whose, count);
    add_two<Lock, random_key>(to, whose, count);
    add_two<Lock, hot_key>(to, whose, hot_count);
}

} // namespace

void add_threads(runner& to) {
    to.add(
        "operations/us, 1 thread", [] { return throughput<our_lock<>, own_key>(1, 200'000); },
        "operations/us");
    to.add(
        "operations/us, 1 thread, shared provider",
        [] { return throughput<our_shared_lock, own_key>(1, 200'000); }, "operations/us");
    // A hot key hands over from thread to thread for each operation, which takes microseconds.
    add_pairs<our_lock<>>(to, "", 200'000, 20'000);
    add_pairs<naive_keyed>(to, ", C", 200'000, 100'000);
    add_pairs<array_of_channels<concurrent_channel>>(to, ", concurrent_channels", 100'000, 20'000);
    add_pairs<shared_keyed_channels>(to, ", map of channels", 50'000, 20'000);
}

} // namespace colock_bench
