#pragma once

#include <colock/clock.hpp>
#include <colock/detail/execution.hpp>
#include <colock/provider.hpp>

#include "detail/kept_handler.hpp"
#include "detail/resumption.hpp"
#include "detail/serial_executor.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <cstdint>

namespace colock::detail {

/// A coroutine that runs the jobs of `execute`, one after the other, each on a serial executor over its
/// caller's executor, and cancels them, from any thread: when their time is up (as the alarm), when the lock
/// is lost (as the listener), and when the caller cancels. The signal is emitted on the serial executor and
/// only while a job runs: before that, Boost 1.81 ends the program, and afterwards nobody is there.
///
/// Runners are kept for the next job, by thread: spawning a coroutine costs several times as much as running
/// an empty job. One whose job was cancelled, or left something behind that still refers to its executor, is
/// not used again.
class job_runner final : public serial_queue, public loss_listener, public alarm {
public:
    /// For one job: an idle one, or a new one. put() it back.
    [[nodiscard]] static job_runner& take();
    /// After the caller was resumed, or when it was destroyed.
    static void put(job_runner& runner) noexcept;

    /// Runs the job for the coroutine with that handler, on its executor, and resumes it by a post. The
    /// runner may be gone when this returns.
    template<class Handler>
    void run(asio::awaitable<void>&& job, Handler&& caller) {
        if (auto slot = asio::get_associated_cancellation_slot(caller); slot.is_connected())
            slot.template emplace<canceller>(this);
        run_on(asio::get_associated_executor(caller));
        caller_.arm(std::forward<Handler>(caller));
        job_ = std::move(job);
        resume();
    }

    void on_loss(loss) noexcept override { cancel(abort_reason::lost); }
    void on_alarm() noexcept override { cancel(abort_reason::timeout); }

    /// The first reason counts. Nothing once the job has ended.
    void cancel(abort_reason why) noexcept;

    /// On the serial executor: whether the job may start.
    [[nodiscard]] bool begin() noexcept;
    /// On the serial executor.
    void end() noexcept;

    [[nodiscard]] abort_reason why() const noexcept { return state_.load(std::memory_order_acquire).why; }

private:
    struct canceller {
        job_runner* runner; // the slot is cleared when the caller is resumed
        explicit canceller(job_runner* r) noexcept : runner(r) {}
        void operator()(asio::cancellation_type type) const noexcept {
            if (type != asio::cancellation_type::none)
                runner->cancel(abort_reason::caller);
        }
    };
    enum class phase : unsigned char { created, running, ended };
    struct state {
        job_runner::phase phase;
        abort_reason why;
    };
    class idle_list;

    job_runner() = default;
    void spawn();
    asio::awaitable<void> work();
    [[nodiscard]] auto next_job();
    void resume();
    [[nodiscard]] bool reusable() noexcept;

    kept_handler idle_; // the runner's own coroutine
    resumption caller_;
    asio::awaitable<void> job_;
    asio::cancellation_signal signal_;
    std::atomic<state> state_{{phase::created, abort_reason::none}};
    bool retired_ = false;
    std::uint32_t references_when_idle_ = 0;
    job_runner* next_idle_ = nullptr;
};

} // namespace colock::detail
