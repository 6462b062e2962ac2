// Bytes of memory, as the allocator hands them out. Measured before all else: giving free memory back to the
// system, as is done here, would cost whoever comes next page faults.
#include "baselines.hpp"
#include "ours.hpp"
#include "runner.hpp"

#include <malloc.h>

#include <cmath>
#include <vector>

namespace colock_bench {
namespace {

constexpr int many = 100'000;

/// Free memory is put together first, since small leftovers of it would be handed out with what fits in them.
double allocated() {
    malloc_trim(0);
    return static_cast<double>(mallinfo2().uordblks + mallinfo2().hblkhd);
}

task suspend_forever(asio::steady_timer& timer) {
    co_await timer.async_wait(asio::use_awaitable);
}

task wait_forever(colock::locking_service& locks) {
    const auto held = co_await locks.lock(bench_key, {.wait = colock::forever});
}

template<class Start>
double per_coroutine(asio::io_context& io, Start start) {
    const double before = allocated();
    for (int i = 0; i < many; ++i)
        asio::co_spawn(io, start(), [](std::exception_ptr) {});
    io.restart();
    io.poll();
    return (allocated() - before) / many;
}

double per_bare_coroutine() {
    asio::io_context io;
    asio::steady_timer timer(io, 24h);
    return per_coroutine(io, [&] { return suspend_forever(timer); });
}

double per_our_waiter() {
    asio::io_context io;
    our_lock<> lock(io);
    auto held = memory_of(lock.locks).try_lock(bench_key);
    return per_coroutine(io, [&] { return wait_forever(lock.locks); });
}

/// Of a lock without a guard: the first coroutine takes it and keeps it.
template<class Lock>
task keep(Lock& lock, asio::steady_timer& timer) {
    co_await lock.take(bench_key);
    co_await timer.async_wait(asio::use_awaitable);
    lock.give(bench_key);
}

template<class Lock>
double per_waiter() {
    asio::io_context io;
    Lock lock(io);
    asio::steady_timer timer(io, 24h);
    return per_coroutine(io, [&] { return keep(lock, timer); });
}

std::vector<std::string> names(int first) {
    std::vector<std::string> made;
    for (int i = first; i < first + many; ++i)
        made.push_back("prod_" + std::to_string(10'000'000'000 + i));
    return made;
}

/// What keys cost while they are held, and what more keys leave behind for each, when released, than the
/// first did, to the byte: pools that keep a fixed number of records do not count, what grows with each new
/// key does.
template<class Hold>
std::vector<double> per_key_held_and_idle(Hold hold_all_then_release) {
    const double before = allocated();
    const double held = hold_all_then_release(0);
    const double first = allocated();
    (void)hold_all_then_release(many);
    return {(held - before) / many, std::round((allocated() - first) / many)};
}

std::vector<double> per_our_key() {
    colock::memory_provider memory;
    std::vector<std::optional<colock::guard>> guards(many);
    std::vector<std::string> keys = names(0);
    return per_key_held_and_idle([&](int first) {
        keys = names(first);
        for (std::size_t i = 0; i < many; ++i)
            guards[i] = memory.try_lock(keys[i]);
        const double held = allocated();
        for (auto& guard : guards)
            guard.reset();
        return held;
    });
}

template<class Lock>
std::vector<double> per_key() {
    asio::io_context io;
    Lock lock(io);
    std::vector<std::string> keys = names(0);
    return per_key_held_and_idle([&](int first) {
        keys = names(first);
        for (const auto& key : keys)
            if (!lock.try_take(key))
                std::terminate();
        const double held = allocated();
        for (const auto& key : keys)
            lock.give(key);
        return held;
    });
}

template<class Run>
void add_keys(runner& to, const std::string& whose, Run run) {
    to.add({"bytes per held key" + whose, "bytes per idle key" + whose}, run, "bytes", repeat::never);
}

} // namespace

void add_memory(runner& to) {
    to.add(
        {"bytes per suspended coroutine", "bytes per waiter with its coroutine",
         "bytes per waiter over its coroutine"},
        [] {
            const double bare = per_bare_coroutine();
            const double waiting = per_our_waiter();
            return std::vector{bare, waiting, waiting - bare};
        },
        "bytes");
    to.add("bytes per waiter with its coroutine, channel", per_waiter<channel_mutex<channel>>, "bytes",
           repeat::never);
    to.add("bytes per waiter with its coroutine, map of channels", per_waiter<keyed_channels>, "bytes",
           repeat::never);
    to.add("bytes per waiter with its coroutine, map of timers, limit", per_waiter<map_of_timers>, "bytes",
           repeat::never);
    add_keys(to, "", per_our_key);
    add_keys(to, ", C", per_key<naive_keyed>);
    add_keys(to, ", map of channels", per_key<keyed_channels>);
    add_keys(to, ", map of channels, idle keys kept", per_key<keyed_channels_kept>);
}

} // namespace colock_bench
