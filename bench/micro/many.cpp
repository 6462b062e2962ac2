// A million keys, and a hundred thousand waiters at one.
#include "baselines.hpp"
#include "ours.hpp"
#include "runner.hpp"

#include <optional>
#include <vector>

namespace colock_bench {
namespace {

using clock = std::chrono::steady_clock;

double nanoseconds_each(clock::time_point start, int count) {
    return std::chrono::duration<double, std::nano>(clock::now() - start).count() / count;
}

constexpr int key_count = 1'000'000;

const std::vector<std::string>& million_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> made;
        made.reserve(key_count);
        for (int i = 0; i < key_count; ++i)
            made.push_back("prod_" + std::to_string(20'000'000'000 + i));
        return made;
    }();
    return names;
}

task our_million_keys(colock::locking_service& locks, std::vector<double>& times) {
    std::vector<std::optional<colock::guard>> guards(key_count);
    for (int pass = 0; pass < 2; ++pass) {
        auto start = clock::now();
        for (std::size_t i = 0; i < key_count; ++i)
            guards[i] = co_await locks.lock(million_names()[i]);
        times.push_back(nanoseconds_each(start, key_count));
        start = clock::now();
        for (auto& guard : guards)
            guard.reset();
        times.push_back(nanoseconds_each(start, key_count));
    }
}

std::vector<double> our_keys() {
    std::vector<double> times;
    asio::io_context io(1);
    colock::locking_service locks(io.get_executor());
    million_names();
    asio::co_spawn(io, our_million_keys(locks, times), must_succeed);
    io.run();
    return times;
}

std::vector<double> naive_keys() {
    std::vector<double> times;
    asio::io_context io(1);
    naive_keyed lock(io);
    const auto& names = million_names();
    for (int pass = 0; pass < 2; ++pass) {
        auto start = clock::now();
        for (const auto& name : names)
            lock.take(name);
        times.push_back(nanoseconds_each(start, key_count));
        start = clock::now();
        for (const auto& name : names)
            lock.give(name);
        times.push_back(nanoseconds_each(start, key_count));
    }
    return times;
}

/// Waiters that all queue for a held key, and then have it one after another.
template<class Lock>
std::vector<double> enqueue_and_drain() {
    constexpr int waiters = 100'000;
    asio::io_context io(1);
    one_key<Lock> scene(io);
    channel gate(io, 1);
    const auto holder = [&]() -> task {
        if constexpr (requires { scene.lock.give(bench_key); }) {
            co_await scene.lock.take(bench_key);
            co_await gate.async_receive(asio::deferred);
            scene.lock.give(bench_key);
        } else {
            const auto held = co_await scene.lock.locks.lock(bench_key);
            co_await gate.async_receive(asio::deferred);
        }
    };
    asio::co_spawn(io, holder(), must_succeed);
    io.poll();
    for (int i = 0; i < waiters; ++i)
        asio::co_spawn(io, scene.work(1, i), must_succeed);
    std::vector<double> times;
    auto start = clock::now();
    io.poll();
    times.push_back(nanoseconds_each(start, waiters));
    gate.try_send(boost::system::error_code());
    start = clock::now();
    io.run();
    times.push_back(nanoseconds_each(start, waiters));
    return times;
}

void add_keys(runner& to, const std::string& whose, std::function<std::vector<double>()> run) {
    to.add({"1M keys, first lock" + whose, "1M keys, first release" + whose, "1M keys, second lock" + whose,
            "1M keys, second release" + whose},
           std::move(run));
}

template<class Lock>
void add_drain(runner& to, const std::string& whose) {
    to.add({"100k waiters, enqueue" + whose, "100k waiters, drain" + whose}, enqueue_and_drain<Lock>);
}

} // namespace

void add_many(runner& to) {
    add_keys(to, "", our_keys);
    add_keys(to, ", C", naive_keys);
    add_drain<our_lock<limit::none>>(to, "");
    add_drain<our_lock<limit::given>>(to, ", limit");
    add_drain<channel_mutex<channel>>(to, ", channel");
    add_drain<keyed_channels>(to, ", map of channels");
    add_drain<map_of_timers>(to, ", map of timers, limit");
}

} // namespace colock_bench
