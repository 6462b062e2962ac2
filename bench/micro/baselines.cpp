// The rows of what colock is compared with, on one thread.
#include "baselines.hpp"
#include "runner.hpp"

#include <memory>
#include <vector>

namespace colock_bench {
namespace {

struct null_awaitable {
    explicit null_awaitable(asio::io_context&) {}
    static task nothing() { co_return; }
    task work(int count, int) {
        for (int i = 0; i < count; ++i)
            co_await nothing();
    }
};

struct bare_post {
    explicit bare_post(asio::io_context&) {}
    task work(int count, int) {
        for (int i = 0; i < count; ++i)
            co_await asio::post(asio::deferred);
    }
};

struct bare_co_spawn {
    explicit bare_co_spawn(asio::io_context&) {}
    static task job() { co_return; }
    task work(int count, int) {
        const auto ex = co_await asio::this_coro::executor;
        for (int i = 0; i < count; ++i)
            co_await asio::co_spawn(ex, job(), asio::use_awaitable);
    }
};

/// 16 channels, 64 coroutines each, and an armed timer.
struct channels_with_reactor {
    using lock = channel_mutex<channel>;
    explicit channels_with_reactor(asio::io_context& io) : timer(io) {
        for (int i = 0; i < 16; ++i)
            locks.push_back(std::make_unique<lock>(io));
    }
    task work(int count, int number) {
        lock& mine = *locks[static_cast<std::size_t>(number) % locks.size()];
        for (int i = 0; i < count; ++i) {
            co_await mine.take(bench_key);
            co_await asio::post(asio::deferred);
            mine.give(bench_key);
        }
        if (++ended == 16 * 64)
            timer.cancel();
    }
    std::vector<std::unique_ptr<lock>> locks;
    armed_timer timer;
    int ended = 0;
};

template<class Lock>
void add_one_key(runner& to, const std::string& name) {
    to.add(name, [] { return per_operation<one_key<Lock>>(100'000); });
}

template<class Lock>
void add_64_waiters(runner& to, const std::string& name, int operations = 64'000) {
    to.add(name, [=] { return per_operation<one_key<Lock, inside::a_post>>(operations, 64); });
}

} // namespace

void add_baselines(runner& to) {
    to.add("null awaitable", [] { return per_operation<null_awaitable>(300'000); });
    to.add("co_await post", [] { return per_operation<bare_post>(200'000); });
    to.add("co_await co_spawn", [] { return per_operation<bare_co_spawn>(100'000); });
    to.add("C: naive keyed lock", [] { return per_operation<one_key<naive_keyed>>(300'000); });
    add_one_key<channel_mutex<channel>>(to, "channel");
    add_one_key<channel_mutex<concurrent_channel>>(to, "concurrent_channel");
    add_one_key<keyed_channels>(to, "map of channels");
    add_one_key<keyed_channels_kept>(to, "map of channels, idle keys kept");
    add_one_key<map_of_timers>(to, "map of timers, limit");
    to.add("channel || timer", [] { return per_operation<channel_or_timer<>>(20'000); });

    add_64_waiters<channel_mutex<channel>>(to, "channel, 64 waiters", 128'000);
    add_64_waiters<channel_mutex<concurrent_channel>>(to, "concurrent_channel, 64 waiters");
    add_64_waiters<keyed_channels>(to, "map of channels, 64 waiters");
    add_64_waiters<map_of_timers>(to, "map of timers, 64 waiters, limit");
    to.add("channel || timer, 64 waiters",
           [] { return per_operation<channel_or_timer<inside::a_post>>(12'800, 64); });
    to.add("16 channels x 64 waiters, armed timer",
           [] { return per_operation<channels_with_reactor>(131'072, 16 * 64); });
}

} // namespace colock_bench
