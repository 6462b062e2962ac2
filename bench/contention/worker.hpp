#pragma once

#include "grant_log.hpp"
#include "recorder.hpp"
#include "scene.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace contention {

namespace asio = boost::asio;

/// A coroutine that takes keys, holds them and releases them, over and over, and measures it.
class worker {
public:
    /// What only the worker itself counts; the load reads it when the worker has ended.
    struct counts {
        std::uint64_t operations = 0;
        std::uint64_t timeouts = 0;
        std::uint64_t refusals = 0;
        std::uint64_t inversions = 0; ///< grants that overtook calls of this worker
        std::uint64_t grants = 0;     ///< in the whole run
        std::uint64_t unfinished = 0;
        moment unfinished_wait = 0; ///< how long that had waited when the window ended
    };

    worker(scene& in, asio::io_context& io, std::uint64_t number);
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    /// Completes when the run stops or nothing is left to do. Never throws lock_error.
    [[nodiscard]] asio::awaitable<void> run();

    [[nodiscard]] const counts& counted() const noexcept { return counts_; }
    [[nodiscard]] const grant_log& log() const noexcept { return log_; }

private:
    [[nodiscard]] bool prepare(); ///< the next call; false: the worker shall end
    [[nodiscard]] asio::awaitable<void> by_lock();
    [[nodiscard]] asio::awaitable<void> by_execute();
    [[nodiscard]] asio::awaitable<void> by_acquire();
    [[nodiscard]] asio::awaitable<void> job(std::uint64_t token);
    [[nodiscard]] asio::awaitable<void> pause(pause_distribution span);

    // The stages of a call. Each takes the time where it must.
    void call();
    void granted(std::uint64_t token);
    void before_release();
    void released(bool was_held);
    void refused(const colock::lock_error& error);
    void note_unfinished(moment ended);
    void log_grant(moment done);

    [[nodiscard]] colock::key_set keys() const;
    [[nodiscard]] bool counts_now() const noexcept;

    scene& in_;
    random_source random_;
    asio::steady_timer timer_;
    const std::string owner_;
    const bool may_never_suspend_;

    // the present call
    std::vector<std::size_t> chosen_;
    std::vector<key_queue::place> places_; // one for each key
    waiting_call waiting_;
    lock_mode mode_ = lock_mode::exclusive;
    std::uint64_t newest_token_ = 0; // before the call, as far as is known
    moment granted_at_ = 0;
    moment hand_off_ = 0; // how long it took; negative: nobody handed over
    bool claimed_ = false;
    bool queued_ = false; // called, and neither granted nor refused yet
    bool refused_ = false;

    std::uint64_t own_token_ = 0; // of its latest grant
    std::uint64_t claims_ = 0;    // operations that are left to this worker, if their number is limited
    std::uint64_t since_yield_ = 0;
    counts counts_;
    moment released_at_ = 0;
    const std::uint64_t number_; // of this process's workers
    grant_log log_;              // if there are several processes
};

} // namespace contention
