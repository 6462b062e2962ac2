#include "curves.hpp"

#include "baselines.hpp"
#include "ours.hpp"
#include "threads.hpp"

#include <algorithm>

namespace colock_bench {
namespace {

std::vector<int> coroutine_counts() {
    return {1, 2, 4, 8, 16, 64, 256, 1000};
}

std::vector<int> thread_counts() {
    const int most = std::max(4, static_cast<int>(std::thread::hardware_concurrency()));
    std::vector<int> counts;
    for (int count = 1; count < most; count *= 2)
        counts.push_back(count);
    counts.push_back(most);
    return counts;
}

void add_series(runner& to, curve& part_of, const std::string& name, const std::vector<int>& xs,
                const std::function<double(int)>& throughput_at) {
    series made{name, {}};
    for (const int x : xs) {
        std::string variant = part_of.name + ", " + name + ", " + std::to_string(x);
        to.add(
            variant, [=] { return throughput_at(x); }, "operations/us");
        made.points.push_back({x, std::move(variant)});
    }
    part_of.all.push_back(std::move(made));
}

/// `operations` are so many that a point takes some ten milliseconds; each coroutine does a few at least.
template<class Scene>
void add_coroutines(runner& to, curve& part_of, const std::string& name, int operations) {
    add_series(to, part_of, name, coroutine_counts(), [=](int coroutines) {
        return 1000 / per_operation<Scene>(std::max(operations, 4 * coroutines), coroutines);
    });
}

curve contended(runner& to) {
    curve made{"one key", "One key, one post while it is held", "coroutines", {}};
    const auto add = [&]<class Lock>(Lock*, const std::string& name, int operations) {
        add_coroutines<one_key<Lock, inside::a_post>>(to, made, name, operations);
    };
    add(static_cast<our_lock<>*>(nullptr), "colock", 40'000);
    add(static_cast<our_lock<limit::given>*>(nullptr), "colock, limit", 40'000);
    add(static_cast<channel_mutex<channel>*>(nullptr), "channel (no keys)", 50'000);
    add(static_cast<channel_mutex<concurrent_channel>*>(nullptr), "concurrent_channel (no keys)", 50'000);
    add(static_cast<keyed_channels*>(nullptr), "map of channels", 30'000);
    add(static_cast<map_of_timers*>(nullptr), "map of timers, limit", 20'000);
    add_coroutines<channel_or_timer<inside::a_post>>(to, made, "channel || timer, limit (no keys)", 4'000);
    return made;
}

/// Each coroutine goes round 1000 keys from a place of its own, so that they rarely meet.
template<class Lock>
struct going_round {
    explicit going_round(asio::io_context& io) : lock(io) {}
    task work(int count, int number) {
        const auto pick = [number](int i) -> const std::string& {
            return bench_keys()[static_cast<std::size_t>(number * 919 + i * 31) % 1000];
        };
        return cycles<inside::nothing>(lock, count, pick);
    }
    Lock lock;
};

curve free_keys(runner& to) {
    curve made{"1000 keys", "1000 keys that nobody else holds", "coroutines", {}};
    add_coroutines<going_round<our_lock<>>>(to, made, "colock", 50'000);
    add_coroutines<going_round<our_lock<limit::given>>>(to, made, "colock, limit", 50'000);
    add_coroutines<going_round<naive_keyed>>(to, made, "mutex + flat map (never waits)", 100'000);
    add_coroutines<going_round<array_of_channels<channel>>>(to, made, "array of channels (no keys)", 50'000);
    add_coroutines<going_round<keyed_channels>>(to, made, "map of channels", 30'000);
    add_coroutines<going_round<keyed_channels_kept>>(to, made, "map of channels, kept", 40'000);
    add_coroutines<going_round<map_of_timers>>(to, made, "map of timers, limit", 50'000);
    return made;
}

template<class Pick>
curve on_threads(runner& to, const std::string& title, bool hot) {
    curve made{std::string("threads, ") + Pick::name, title, "threads", {}};
    // A hot key goes from thread to thread, which takes microseconds each time.
    const auto add = [&]<class Lock>(Lock*, const std::string& name, int operations) {
        add_series(to, made, name, thread_counts(),
                   [=](int threads) { return throughput<Lock, Pick>(threads, operations); });
    };
    add(static_cast<our_lock<>*>(nullptr), "colock", hot ? 10'000 : 100'000);
    add(static_cast<naive_keyed*>(nullptr), "mutex + flat map (spins)", hot ? 50'000 : 100'000);
    add(static_cast<array_of_channels<concurrent_channel>*>(nullptr),
        "array of concurrent_channels (no keys)", hot ? 10'000 : 50'000);
    add(static_cast<shared_keyed_channels*>(nullptr), "map of concurrent_channels", hot ? 10'000 : 50'000);
    return made;
}

} // namespace

std::vector<curve> add_curves(runner& to) {
    std::vector<curve> all;
    all.push_back(contended(to));
    all.push_back(free_keys(to));
    all.push_back(on_threads<own_key>(to, "A key for each thread", false));
    all.push_back(on_threads<random_key>(to, "Random keys of 10,000", false));
    all.push_back(on_threads<hot_key>(to, "One key for all", true));
    return all;
}

} // namespace colock_bench
