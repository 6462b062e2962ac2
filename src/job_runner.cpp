#include "job_runner.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

namespace colock::detail {

namespace {

/// What the runner's coroutine completes. Not a binder of Asio's: for one with an executor, co_spawn would
/// keep that in the cancellation slot, and thereby the runner in itself.
struct at_end {
    using cancellation_slot_type = asio::cancellation_slot;
    [[nodiscard]] asio::cancellation_slot get_cancellation_slot() const noexcept { return slot; }
    void operator()(const std::exception_ptr&) const noexcept {}

    asio::cancellation_slot slot;
};

} // namespace

/// Idle runners of a thread.
class job_runner::idle_list {
public:
    idle_list() = default;
    idle_list(const idle_list&) = delete;
    idle_list& operator=(const idle_list&) = delete;
    ~idle_list() {
        while (job_runner* const r = pop()) {
            r->idle_.destroy();
            r->release();
        }
    }

    static idle_list& of_this_thread() {
        static thread_local idle_list list;
        return list;
    }

    [[nodiscard]] job_runner* pop() noexcept {
        job_runner* const r = first_;
        if (r) {
            first_ = std::exchange(r->next_idle_, nullptr);
            --size_;
        }
        return r;
    }

    [[nodiscard]] bool push(job_runner& r) noexcept {
        if (size_ == limit)
            return false;
        r.next_idle_ = std::exchange(first_, &r);
        ++size_;
        return true;
    }

private:
    static constexpr std::size_t limit = 32; // some 50 kB
    job_runner* first_ = nullptr;
    std::size_t size_ = 0;
};

job_runner& job_runner::take() {
    if (job_runner* const idle = idle_list::of_this_thread().pop())
        return *idle;
    auto* const made = new job_runner;
    made->spawn();
    return *made;
}

void job_runner::put(job_runner& r) noexcept {
    if (r.reusable()) {
        r.run_on({});
        r.state_.store({phase::created, abort_reason::none}, std::memory_order_relaxed);
        if (idle_list::of_this_thread().push(r))
            return;
    } else {
        r.count_work(); // of what the job has left behind
    }
    if (r.idle_.armed()) { // else it has ended, or was destroyed with its context
        r.retired_ = true;
        r.resume();
    }
    r.release();
}

bool job_runner::reusable() noexcept {
    return idle_.armed() && idle() && references() == references_when_idle_;
}

void job_runner::spawn() {
    try {
        asio::co_spawn(asio::any_io_executor(serial_executor(*this)), work(), at_end{signal_.slot()});
    } catch (...) {
        release();
        throw;
    }
    references_when_idle_ = references(); // it runs inline as long as it has no executor
}

auto job_runner::next_job() {
    return asio::async_initiate<const asio::deferred_t, void()>(
        [this](auto&& handler) {
            idle_.arm(std::move(handler));
            if (caller_.armed())
                caller_.post();
            // the runner may already have another job, or be gone
        },
        asio::deferred);
}

asio::awaitable<void> job_runner::work() {
    // The caller's coroutine goes with this one, if the context that both run in is destroyed.
    struct bound {
        resumption& caller;
        ~bound() { caller.destroy(); }
    } const with{caller_};
    while (true) {
        co_await next_job();
        if (retired_)
            co_return;
        // what the last job may have set
        co_await asio::this_coro::reset_cancellation_state();
        co_await asio::this_coro::throw_if_cancelled(true);
        co_await std::move(job_);
        if (why() != abort_reason::none) {
            caller_.post();
            co_return;
        }
    }
}

namespace {

/// Resumes a coroutine; or destroys it, if it is not called: then its context is being destroyed, and nothing
/// else would end the coroutine and its runner, which keep each other.
class entry {
public:
    explicit entry(detail::kept_handler& idle) noexcept : idle_(&idle) {}
    entry(entry&& other) noexcept : idle_(std::exchange(other.idle_, nullptr)) {}
    entry& operator=(entry&&) = delete;
    ~entry() {
        if (idle_)
            idle_->destroy();
    }
    void operator()() { std::exchange(idle_, nullptr)->call(); }

private:
    detail::kept_handler* idle_; // of a runner that whoever destroys this keeps
};

} // namespace

void job_runner::resume() {
    execute(entry(idle_), true);
}

void job_runner::cancel(abort_reason why) noexcept {
    state now = state_.load(std::memory_order_relaxed);
    do {
        if (now.phase == phase::ended || now.why != abort_reason::none)
            return;
    } while (!state_.compare_exchange_weak(now, {now.phase, why}, std::memory_order_acq_rel));
    if (now.phase == phase::running) {
        // one step of the job after another: so it finds the job between two of them, or ended
        const auto emit = [self = serial_executor(*this), this] {
            signal_.emit(asio::cancellation_type::terminal);
        };
        execute(emit, false);
    }
}

bool job_runner::begin() noexcept {
    state created{phase::created, abort_reason::none};
    return state_.compare_exchange_strong(created, {phase::running, abort_reason::none},
                                          std::memory_order_acq_rel);
}

void job_runner::end() noexcept {
    state now = state_.load(std::memory_order_relaxed);
    while (!state_.compare_exchange_weak(now, {phase::ended, now.why}, std::memory_order_acq_rel)) {
    }
}

} // namespace colock::detail
