// Bytes of memory, as the allocator hands them out.
#include "loops.hpp"
#include "runner.hpp"

#include <malloc.h>

#include <vector>

namespace colock_bench {
namespace {

constexpr int many = 100'000;

double allocated() {
    return static_cast<double>(mallinfo2().uordblks + mallinfo2().hblkhd);
}

task wait_forever(colock::locking_service& locks) {
    const auto held = co_await locks.lock(bench_key, {.wait = colock::forever});
}

task suspend_forever(asio::steady_timer& timer) {
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::use_awaitable);
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

double waiter_over_bare_coroutine() {
    asio::io_context io;
    asio::steady_timer timer(io, 24h);
    const double bare = per_coroutine(io, [&] { return suspend_forever(timer); });
    asio::io_context other;
    colock::locking_service locks(other.get_executor());
    auto held = dynamic_cast<colock::memory_provider&>(locks.get_provider()).try_lock(bench_key);
    const double waiting = per_coroutine(other, [&] { return wait_forever(locks); });
    return waiting - bare;
}

/// Held keys, and what is left when they are released.
double per_key(bool released) {
    std::vector<std::string> names;
    for (int i = 0; i < many; ++i)
        names.push_back("prod_" + std::to_string(10'000'000'000 + i));
    std::vector<std::optional<colock::guard>> guards(many);
    colock::memory_provider memory;
    const double before = allocated();
    for (std::size_t i = 0; i < many; ++i)
        guards[i] = memory.try_lock(names[i]);
    if (released)
        for (auto& guard : guards)
            guard.reset();
    return (allocated() - before) / many;
}

} // namespace

void add_memory(runner& to) {
    to.add("bytes per waiter over its coroutine", waiter_over_bare_coroutine);
    to.add("bytes per held key", [] { return per_key(false); });
    to.add("bytes per idle key", [] { return per_key(true); });
    to.add("one", [] { return 1.0; });
}

} // namespace colock_bench
