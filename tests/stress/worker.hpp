#pragma once

#include "threads.hpp"
#include "witness.hpp"

#include <atomic>
#include <memory>
#include <vector>

namespace colock_test {

class worker;

/// What the workers of one test share.
struct arena {
    arena(const asio::any_io_executor& executor, bool cancels, bool breaks);

    /// Starts that many workers, and one coroutine that disturbs them, ends when they have, and closes the
    /// service.
    void start(std::vector<place> places, std::size_t operations);

    /// When all threads are done: checks what is left.
    void finish();

    const bool cancels; ///< operations are cancelled at random; each worker must be on a strand then
    const bool breaks;  ///< everybody's locks are taken at random: nothing is exclusive any more
    colock::locking_service locks;
    colock::memory_provider* memory = nullptr;
    std::vector<std::string> keys{"alpha", "beta", "gamma", "delta"};
    usage::resources resources;
    findings found;
    std::atomic<std::size_t> running{0};
    std::atomic<std::size_t> granted{0};
    std::atomic<std::size_t> refused{0}; ///< operations that ended otherwise
    std::atomic<bool> closed{false};

private:
    asio::awaitable<void> disturb(place at);

    std::vector<std::unique_ptr<worker>> workers_;
};

/// A coroutine that does one random operation after the other.
class worker {
public:
    worker(arena& in, place at, std::uint64_t seed, std::size_t number);

    asio::awaitable<void> run(std::size_t operations);

    /// Cancels the operation in progress, if any; from any thread.
    void cancel();

private:
    asio::awaitable<void> operation();
    asio::awaitable<void> hold_guard();
    asio::awaitable<void> try_guard();
    asio::awaitable<void> hold_as_owner();
    asio::awaitable<void> hold_as_nobody();
    asio::awaitable<void> lease_for_team();
    asio::awaitable<void> execute_function();
    asio::awaitable<void> execute_coroutine();
    asio::awaitable<void> give_up_kept();
    asio::awaitable<void> expect_nothing_held();
    asio::awaitable<void> pause();
    void judge(const boost::system::error_code& error);
    void arrived(); ///< after each suspension: at the right place?

    [[nodiscard]] colock::key_set watched(const colock::key_set& keys) const;
    [[nodiscard]] colock::key_set some_keys();
    [[nodiscard]] colock::lock_mode some_mode();
    [[nodiscard]] colock::duration some_wait();

    arena& in_;
    const place at_;
    random_source random_;
    const std::string owner_; ///< nobody else uses it
    const std::string team_;  ///< others do
    asio::cancellation_signal signal_;
    colock::grant kept_; ///< what the worker must release, whatever happens to the operation
};

} // namespace colock_test
