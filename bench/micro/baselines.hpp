// What colock is compared with: what users have without it, written as well as we can. Each has
// `co_await lock.take(key)` (or, if it never waits, just `lock.take(key)`) and `lock.give(key)`.
#pragma once

#include "loops.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace colock_bench {

using channel = asio::experimental::channel<void(boost::system::error_code)>;
using concurrent_channel = asio::experimental::concurrent_channel<void(boost::system::error_code)>;

/// C of the design: a naive synchronous lock by key. Who meets a held key spins.
struct naive_keyed {
    explicit naive_keyed(asio::io_context&) {}
    bool try_take(const std::string& key) {
        const std::lock_guard lock(mutex);
        return held.emplace(key, 0).second;
    }
    void take(const std::string& key) {
        while (!try_take(key))
            std::this_thread::yield();
    }
    void give(const std::string& key) {
        const std::lock_guard lock(mutex);
        held.erase(held.find(key));
    }
    std::mutex mutex;
    boost::unordered_flat_map<std::string, int> held;
};

/// An Asio channel of capacity one as a mutex: without keys, limits or owners.
template<class Channel>
struct channel_mutex {
    explicit channel_mutex(asio::io_context& io) : slot(io, 1) {}
    auto take(const std::string&) { return slot.async_send({}, asio::deferred); }
    void give(const std::string&) {
        slot.try_receive([](auto...) {});
    }
    Channel slot;
};

/// A channel for each of `bench_keys()`, chosen by number: what a lock by key could cost without names.
template<class Channel>
struct array_of_channels {
    explicit array_of_channels(asio::io_context& io) {
        for (std::size_t i = 0; i < bench_keys().size(); ++i)
            slots.emplace_back(io, 1);
    }
    Channel& of(const std::string& key) { return slots[std::size_t(&key - bench_keys().data())]; }
    auto take(const std::string& key) { return of(key).async_send({}, asio::deferred); }
    void give(const std::string& key) {
        of(key).try_receive([](auto...) {});
    }
    std::deque<Channel> slots;
};

/// For programs of one thread.
struct no_mutex {
    void lock() {}
    void unlock() {}
};

enum class idle_keys { erased, kept };

/// A channel for each key, in a map. The count of users decides when an entry may go, and changes only under
/// the mutex: asking whether the channel looks unused, or a shared_ptr's count, would be a race.
template<class Channel, class Mutex, idle_keys Idle = idle_keys::erased>
struct map_of_channels {
    explicit map_of_channels(asio::io_context& context) : io(context) {}
    struct entry {
        explicit entry(asio::io_context& io) : slot(io, 1) {}
        Channel slot;
        int users = 0;
    };
    auto take(const std::string& key) {
        const std::lock_guard lock(mutex);
        entry& e = entries.try_emplace(key, io).first->second;
        ++e.users;
        return e.slot.async_send({}, asio::deferred); // starts when it is awaited, after the mutex is free
    }
    bool try_take(const std::string& key) {
        const std::lock_guard lock(mutex);
        entry& e = entries.try_emplace(key, io).first->second;
        if (!e.slot.try_send(boost::system::error_code()))
            return false;
        ++e.users;
        return true;
    }
    void give(const std::string& key) {
        const std::lock_guard lock(mutex);
        const auto at = entries.find(key);
        const bool last = --at->second.users == 0;
        if (last && Idle == idle_keys::erased)
            entries.erase(at);
        else
            at->second.slot.try_receive([](auto...) {}); // under the mutex, or the next user could erase it
    }
    asio::io_context& io;
    Mutex mutex;
    std::unordered_map<std::string, entry> entries;
};

/// A map of flags with a steady_timer each as condition variable, which gives waits a limit. One thread only.
struct map_of_timers {
    explicit map_of_timers(asio::io_context& context) : io(context) {}
    struct entry {
        explicit entry(asio::io_context& io) : changed(io) {}
        asio::steady_timer changed;
        bool held = false;
        int users = 0;
    };
    task take(const std::string& key) {
        auto& e = entries.try_emplace(key, io).first->second;
        if (e.users++ <= 1)
            e.changed.expires_after(30s); // nobody waits yet: this would wake them all
        while (e.held) {
            boost::system::error_code ignored;
            co_await e.changed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        e.held = true;
    }
    void give(const std::string& key) {
        const auto at = entries.find(key);
        at->second.held = false;
        if (--at->second.users == 0)
            entries.erase(at);
        else
            at->second.changed.cancel_one();
    }
    asio::io_context& io;
    std::map<std::string, entry> entries;
};

/// A channel and a limit: what Asio offers for that on Boost 1.81.
template<inside Inside = inside::nothing>
struct channel_or_timer {
    explicit channel_or_timer(asio::io_context& io) : slot(io, 1) {}
    task work(int count, int) {
        using namespace asio::experimental::awaitable_operators;
        asio::steady_timer timer(co_await asio::this_coro::executor);
        for (int i = 0; i < count; ++i) {
            timer.expires_after(30s);
            const auto first =
                co_await (slot.async_send({}, asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
            if (first.index() != 0)
                std::terminate();
            if constexpr (Inside == inside::a_post)
                co_await asio::post(asio::deferred);
            slot.try_receive([](auto...) {});
        }
    }
    channel slot;
};

using keyed_channels = map_of_channels<channel, no_mutex>;
using keyed_channels_kept = map_of_channels<channel, no_mutex, idle_keys::kept>;
using shared_keyed_channels = map_of_channels<concurrent_channel, std::mutex>;

} // namespace colock_bench
