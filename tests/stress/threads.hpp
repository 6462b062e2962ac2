#pragma once

#include "../model/seeds.hpp"
#include "fixture.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <semaphore>
#include <thread>
#include <vector>

namespace colock_test {

/// The seed of this run, of COLOCK_SEED or fixed; the first call prints it.
std::uint64_t stress_seed();

/// How much to do, given how much is done without sanitizers.
constexpr std::size_t scaled(std::size_t amount) {
    return sanitized ? amount / 2 : amount;
}

/// Where a coroutine runs, and whether the calling code does.
struct place {
    asio::any_io_executor executor;
    std::function<bool()> here;
};

/// Several threads that run io_contexts: all the same one, or one each.
class io_threads {
public:
    io_threads(std::size_t contexts, std::size_t threads_each);
    ~io_threads() { join(); }

    [[nodiscard]] place plain(std::size_t index);
    [[nodiscard]] place strand(std::size_t index);
    void join(); ///< when nothing is left to do

private:
    std::vector<std::unique_ptr<asio::io_context>> contexts_;
    std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work_;
    std::vector<std::thread> threads_;
};

[[nodiscard]] place strand_of(asio::thread_pool& pool);
[[nodiscard]] place plain_of(asio::thread_pool& pool);

/// Counts the calls that have begun to wait, so that a test can wait for them. Calls `next` for each, if
/// there is one.
class queue_watch final : public colock::observer {
public:
    explicit queue_watch(std::function<void()> next = {}) : next_(std::move(next)) {}

    void on_event(const colock::lock_event& event) noexcept override {
        if (event.kind != colock::lock_event_kind::queued)
            return;
        if (next_)
            next_();
        queued_.release();
    }

    void wait_for(std::size_t places) {
        for (; places != 0; --places)
            queued_.acquire();
    }

private:
    std::function<void()> next_;
    std::counting_semaphore<> queued_{0};
};

} // namespace colock_test
