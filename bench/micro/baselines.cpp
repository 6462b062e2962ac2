// What colock is compared with: what users have without it, written as well as we can.
#include "loops.hpp"
#include "runner.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace colock_bench {
namespace {

using channel = asio::experimental::channel<void(boost::system::error_code)>;

struct null_awaitable {
    explicit null_awaitable(asio::io_context&) {}
    static task nothing() { co_return; }
    task work(int count, int) {
        for (int i = 0; i < count; ++i)
            co_await nothing();
    }
};

/// C of the design: a naive synchronous lock by key.
struct naive_keyed {
    explicit naive_keyed(asio::io_context&) {}
    task work(int count, int) {
        for (int i = 0; i < count; ++i) {
            {
                const std::lock_guard lock(mutex);
                if (!held.emplace(bench_key, i).second)
                    std::terminate();
            }
            const std::lock_guard lock(mutex);
            held.erase(held.find(bench_key));
        }
        co_return;
    }
    std::mutex mutex;
    boost::unordered_flat_map<std::string, int> held;
};

/// An Asio channel of capacity one as a mutex: without keys, deadlines or owners.
struct channel_mutex {
    explicit channel_mutex(asio::io_context& io) : slot(io, 1) {}
    task work(int count, int) {
        for (int i = 0; i < count; ++i) {
            co_await slot.async_send({}, asio::deferred);
            slot.try_receive([](auto...) {});
        }
    }
    channel slot;
};

struct channel_contended : channel_mutex {
    using channel_mutex::channel_mutex;
    task work(int count, int) {
        for (int i = 0; i < count; ++i) {
            co_await slot.async_send({}, asio::deferred);
            co_await asio::post(asio::deferred);
            slot.try_receive([](auto...) {});
        }
    }
};

/// With a limit: what Asio offers for that on Boost 1.81.
struct channel_or_timer : channel_mutex {
    using channel_mutex::channel_mutex;
    task work(int count, int) {
        using namespace asio::experimental::awaitable_operators;
        asio::steady_timer timer(co_await asio::this_coro::executor);
        for (int i = 0; i < count; ++i) {
            timer.expires_after(30s);
            const auto first =
                co_await (slot.async_send({}, asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
            if (first.index() != 0)
                std::terminate();
            slot.try_receive([](auto...) {});
        }
    }
};

/// 16 channels, 64 coroutines each, and an armed timer.
struct channels_with_reactor {
    explicit channels_with_reactor(asio::io_context& io) : timer(io) {
        for (int i = 0; i < 16; ++i)
            slots.push_back(std::make_unique<channel>(io, 1));
    }
    task work(int count, int number) {
        channel& slot = *slots[static_cast<std::size_t>(number) % slots.size()];
        for (int i = 0; i < count; ++i) {
            co_await slot.async_send({}, asio::deferred);
            co_await asio::post(asio::deferred);
            slot.try_receive([](auto...) {});
        }
        if (++ended == 16 * 64)
            timer.cancel();
    }
    std::vector<std::unique_ptr<channel>> slots;
    armed_timer timer;
    int ended = 0;
};

/// A map of locks with a steady_timer as condition variable, which gives waits a limit.
struct map_of_timers {
    explicit map_of_timers(asio::io_context& context) : io(context) {}
    struct entry {
        explicit entry(asio::io_context& io) : changed(io) {}
        asio::steady_timer changed;
        bool held = false;
        int users = 0;
    };
    task lock(const std::string& key) {
        auto& e = entries.try_emplace(key, io).first->second;
        if (e.users++ <= 1)
            e.changed.expires_after(30s); // nobody waits yet: this would wake them all
        while (e.held) {
            boost::system::error_code ignored;
            co_await e.changed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        e.held = true;
    }
    void unlock(const std::string& key) {
        const auto at = entries.find(key);
        at->second.held = false;
        if (--at->second.users == 0)
            entries.erase(at);
        else
            at->second.changed.cancel_one();
    }
    task work(int count, int) {
        for (int i = 0; i < count; ++i) {
            co_await lock(bench_key);
            co_await asio::post(asio::deferred);
            unlock(bench_key);
        }
    }
    asio::io_context& io;
    std::map<std::string, entry> entries;
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

} // namespace

void add_baselines(runner& to) {
    to.add("null awaitable", [] { return per_operation<null_awaitable>(300'000); });
    to.add("C: naive keyed lock", [] { return per_operation<naive_keyed>(300'000); });
    to.add("channel", [] { return per_operation<channel_mutex>(200'000); });
    to.add("channel || timer", [] { return per_operation<channel_or_timer>(20'000); });
    to.add("co_await co_spawn", [] { return per_operation<bare_co_spawn>(100'000); });
    to.add("channel, 64 waiters", [] { return per_operation<channel_contended>(128'000, 64); });
    to.add("map of timers, 64 waiters, limit", [] { return per_operation<map_of_timers>(64'000, 64); });
    to.add("16 channels x 64 waiters, armed timer",
           [] { return per_operation<channels_with_reactor>(131'072, 16 * 64); });
}

} // namespace colock_bench
