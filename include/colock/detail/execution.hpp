#pragma once

#include <colock/lease.hpp>
#include <colock/provider.hpp>

#include <boost/asio/awaitable.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

// What `execute` is made of. The templates here know the job's type and do nothing but call it; all else is
// compiled.

namespace colock::detail {

class job_runner;
class service_core;
struct registered_provider;

/// Why a job was cancelled, or would have been.
enum class abort_reason : unsigned char { none, timeout, lost, caller };

/// A call of `execute`, complete, or found to be wrong.
struct execution_request {
    std::exception_ptr wrong; ///< what to throw instead
    std::shared_ptr<service_core> core;
    registered_provider* to = nullptr; ///< the core keeps it
    key_set keys;
    lock_mode mode = lock_mode::exclusive;
    duration timeout{};
    duration wait{};
    duration expire{}; ///< zero: no lease is needed
    duration grace{};
};

/// One `execute` from its call to its end, in the frame of its coroutine. Used in this order: try_start or
/// start; run or run_now; try_finish or finish; check. Wherever the coroutine is destroyed or throws instead,
/// the destructor gives the lock back.
class execution {
public:
    /// The request must outlive it.
    explicit execution(execution_request& request);
    execution(const execution&) = delete;
    execution& operator=(const execution&) = delete;
    ~execution();

    /// Takes the lock if that needs no waiting. \throws lock_error
    [[nodiscard]] bool try_start();
    [[nodiscard]] asio::awaitable<void> start();

    [[nodiscard]] colock::lease& lease() noexcept { return *lease_; }

    /// Runs a plain function under the lock.
    template<class Function>
    void run_now(Function&& job) {
        try {
            std::forward<Function>(job)();
        } catch (...) {
            error_ = std::current_exception();
        }
    }

    /// Runs a coroutine under the lock, one step at a time, so that a cancellation from any thread can reach
    /// it. Completes when it has ended, and only then. The coroutine asks job_may_start() first, and calls
    /// job_ended() last.
    [[nodiscard]] asio::awaitable<void> run(asio::awaitable<void> job);
    [[nodiscard]] bool job_may_start() noexcept;
    void job_ended(std::exception_ptr error = {}) noexcept;

    /// Gives the lock back if that needs no waiting.
    [[nodiscard]] bool try_finish() noexcept;
    [[nodiscard]] asio::awaitable<void> finish();

    /// Throws what rule E8 says, if anything went wrong.
    void check();

private:
    [[nodiscard]] lock_request wanted() const noexcept;
    void begin_lease(const acquisition& granted);
    void part_from_runner() noexcept;

    execution_request& request_;
    clock_source& clock_;
    time_point deadline_ = never;
    hold_ptr held_;
    std::optional<colock::lease> lease_;
    job_runner* runner_ = nullptr; // of a coroutine, from its start to the release
    std::exception_ptr error_;
    loss lost_ = loss::none;
    abort_reason aborted_ = abort_reason::none;
};

template<class T>
struct awaited {
    using type = T;
    static constexpr bool is_coroutine = false;
};
template<class T>
struct awaited<asio::awaitable<T>> {
    using type = T;
    static constexpr bool is_coroutine = true;
};

template<class Job>
constexpr bool takes_lease = std::is_invocable_v<Job&, colock::lease&>;

template<class Job>
decltype(auto) call(Job& job, colock::lease& lease) {
    if constexpr (takes_lease<Job>)
        return std::invoke(job, lease);
    else
        return std::invoke(job);
}

template<class Job>
concept lock_job = takes_lease<Job> || std::is_invocable_v<Job&>;

template<lock_job Job>
using job_returns = decltype(call(std::declval<Job&>(), std::declval<colock::lease&>()));

template<lock_job Job>
using job_result = typename awaited<job_returns<Job>>::type;

template<class R>
using result_slot = std::optional<std::conditional_t<std::is_void_v<R>, std::monostate, R>>;

template<class R, class Job>
asio::awaitable<void> perform(execution& running, Job& job, result_slot<R>& result) {
    std::exception_ptr error;
    const bool may_start = running.job_may_start();
    if (may_start) {
        try {
            if constexpr (std::is_void_v<R>) {
                co_await call(job, running.lease());
            } else {
                R value = co_await call(job, running.lease());
                result.emplace(std::move(value));
            }
        } catch (...) {
            error = std::current_exception();
        }
    }
    running.job_ended(std::move(error));
}

/// `Job` is a reference for a job that was passed as an lvalue; otherwise it lives in this coroutine's frame.
template<class R, class Job>
asio::awaitable<R> execute(execution_request request, Job job) {
    execution running(request);
    if (!running.try_start())
        co_await running.start();
    result_slot<R> result;
    using job_type = std::remove_reference_t<Job>;
    if constexpr (awaited<job_returns<job_type>>::is_coroutine) {
        co_await running.run(perform<R>(running, job, result));
    } else {
        running.run_now([&] {
            if constexpr (std::is_void_v<R>)
                call(job, running.lease());
            else
                result.emplace(call(job, running.lease()));
        });
    }
    if (!running.try_finish())
        co_await running.finish();
    running.check();
    if constexpr (!std::is_void_v<R>)
        co_return std::move(*result);
}

} // namespace colock::detail
