#pragma once

#include <colock/detail/execution.hpp>
#include <colock/error.hpp>
#include <colock/grant.hpp>
#include <colock/guard.hpp>
#include <colock/key_set.hpp>
#include <colock/options.hpp>
#include <colock/provider.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace colock {

/// How a provider is registered.
struct registration {
    bool is_default = false;
};

/// The front door: locks by key, in whatever providers are registered.
///
/// \code
/// colock::locking_service locks(io.get_executor());
/// co_await locks.acquire("prod_123", {.owner = "user_123", .expire = 60s});
/// co_await locks.release("prod_123", {.owner = "user_123"});
/// int left = co_await locks.execute("prod_123", [&]() -> asio::awaitable<int> { co_return co_await sell();
/// }); \endcode
///
/// Calls: every function copies what it is given before it returns, so keys, owners and options need to live
/// only as long as the call expression. Nothing happens before the returned awaitable is awaited; the service
/// must exist until then.
///
/// Completion: a call that need not wait completes without suspending; one that waits resumes on its own
/// coroutine's executor, by a post.
///
/// Errors: thrown as lock_error, which names the keys. Bad arguments are errc::invalid_argument, with nothing
/// changed; an unknown provider id is errc::unknown_provider. Every function can meet
/// errc::provider_unavailable on a provider outside the process.
///
/// Cancellation: every wait supports terminal, partial and total cancellation, of which the calling
/// coroutine's cancellation state lets through what it is set to (by default: terminal). A cancelled call
/// fails with `boost::asio::error::operation_aborted`, and nothing is held that was not held before.
///
/// Deadlocks: calls that take all their keys at once never deadlock among each other, in whatever order they
/// name them. A call made while other keys are held can, as with any lock; its wait limit ends that.
///
/// Lifetime: it may be destroyed before or after the executor's context, with calls waiting: they complete
/// with errc::closed if their executor lives on. Guards may outlive it. Thread safety: all members are safe
/// to call at once, but for the destructor.
class locking_service {
public:
    /// Registers the provider "in-memory". The executor is for work in the background that no caller waits
    /// for.
    explicit locking_service(asio::any_io_executor executor);
    ~locking_service();
    locking_service(const locking_service&) = delete;
    locking_service& operator=(const locking_service&) = delete;

    /// Adds a provider. The default provider is: "in-memory" if none was added; the one that was, if one; of
    /// several the one that was last flagged as default, else "in-memory". \throws lock_error
    /// invalid_argument: an empty id, one that is taken, or a null provider
    void add_provider(std::string id, std::unique_ptr<provider> provider, registration how = {});

    /// The provider of that id, or the default one.
    /// \throws lock_error unknown_provider, naming those there are
    [[nodiscard]] provider& get_provider(std::string_view id = {}) const;

    /// Takes all of the keys, or none, and completes with the grant. It stays until it is released or
    /// expires: it survives the call, the coroutine, and outside the process the process too.
    ///
    /// With an owner, keys that this owner holds already are acquired again at once: with `expire` given they
    /// end at now + expire, without it when they would have. If all were held by one acquisition, it is the
    /// same: same id, same token. If only some were, or by several, all become one new acquisition; the
    /// grants of the old ones no longer name them. Holds are not counted: one release ends them.
    ///
    /// Cancellation: a call that was granted before it was cancelled gives back the keys that were new; what
    /// the owner held already has been renewed.
    ///
    /// Errors: already_locked (held, or promised to a queued call, and `wait` is zero; or the owner holds it
    /// shared and asks for exclusive), timed_out, too_many_waiters, closed.
    [[nodiscard]] asio::awaitable<grant> acquire(key_set keys, const acquire_options& options = {});

    /// As acquire(), but completes with nothing where that fails with already_locked or timed_out.
    [[nodiscard]] asio::awaitable<std::optional<grant>> try_acquire(key_set keys,
                                                                    const acquire_options& options = {});

    /// Takes all of the keys for as long as the guard lives. No release by key or owner can end it.
    ///
    /// Errors: as acquire(). A dropped result releases: a guard that loses an `||` race leaks nothing.
    [[nodiscard]] asio::awaitable<guard> lock(key_set keys, const lock_options& options = {});

    /// As lock(), but completes with nothing where that fails with already_locked or timed_out; without
    /// `wait` in the options it does not wait.
    [[nodiscard]] asio::awaitable<std::optional<guard>> try_lock(key_set keys,
                                                                 const lock_options& options = {});

    /// Runs a job while holding all of the keys, and completes with its result.
    ///
    /// The job is called with no argument or with a `lease&`, and is a coroutine (`asio::awaitable<R>`) or a
    /// plain function; R is any type but a reference. A job passed as an lvalue is referred to and must live
    /// until the end; any other is moved into the call. A coroutine runs one step at a time, on an executor
    /// of its own over the caller's (within the caller's strand, if that is what it is), so that cancellation
    /// reaches it without a race on any executor. The call never completes before the job has ended: the job
    /// may refer to the caller's frame.
    ///
    /// `timeout` is one limit for waiting and running. When it ends, a wait is given up, or the job is
    /// cancelled (terminal) and the lock released as soon as the job has ended; a job that goes on for longer
    /// than `grace` loses the lock. A lost lock cancels the job as well.
    ///
    /// Errors, of several the first in this order: lease_lost; the job's own exception; timed_out (also for a
    /// job that ended after its timeout, or used up its grace); operation_aborted, when the call was
    /// cancelled. Before the job starts: as acquire(). A release that fails changes nothing of that; the
    /// observer is told.
    ///
    /// Cancellation: cancels the wait or the job, then releases.
    template<class Job>
    [[nodiscard]] auto execute(key_set keys, Job&& job, const execute_options& options = {})
        -> asio::awaitable<detail::job_result<std::remove_reference_t<Job>>>;

    /// Sets the end of a grant to now + `span` (`forever`: none), and completes with it as it is now.
    ///
    /// Errors: lease_lost if not all of its keys are still held by that very acquisition; then nothing is
    /// changed.
    [[nodiscard]] asio::awaitable<grant> extend(const grant& held, duration span);

    /// Releases those of the keys that the owner holds; without an owner, those that nobody in particular
    /// holds (in shared mode the oldest such hold), never a guard's, an `execute`'s or another owner's.
    /// Completes with true if that was all of them.
    [[nodiscard]] asio::awaitable<bool> release(key_set keys, const release_options& options = {});

    /// Releases exactly this acquisition and nothing that came after it. Completes with true if all of its
    /// keys were still held by it; false if it was released, has expired, or is empty.
    [[nodiscard]] asio::awaitable<bool> release(const grant& held);

    /// Releases all that the owner holds; without an owner, everything that anybody holds in the provider's
    /// namespace: an administrator's break. Completes with the number of keys. Guards and running `execute`s
    /// that lose their lock so are told.
    [[nodiscard]] asio::awaitable<std::size_t> release_all(const release_all_options& options = {});

    /// The keys that are held or waited for, in no particular order, each as it was at one moment of the
    /// call.
    [[nodiscard]] asio::awaitable<std::vector<lock_info>> list(const list_options& options = {});

    /// Refuses new acquisitions from now on and ends all waits, with errc::closed; waits until the running
    /// jobs have ended; then takes back what guards hold. Grants stay; releasing and listing still work. A
    /// second close is harmless. A job must not wait for it.
    ///
    /// Cancellation: ends the waiting; the service is closed all the same.
    [[nodiscard]] asio::awaitable<void> close();

    /// From now on told what happens in all providers, and of errors that no caller sees; until the service
    /// is gone.
    void set_observer(std::shared_ptr<observer> watcher);

private:
    [[nodiscard]] detail::execution_request prepare(key_set keys,
                                                    const execute_options& options) const noexcept;

    std::shared_ptr<detail::service_core> core_;
};

// A lambda that captures by value something with a destructor, written inside the co_await expression, is
// destroyed twice by g++ before 13.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#define COLOCK_GCC_DESTROYS_TEMPORARY_JOBS_TWICE 1
#else
#define COLOCK_GCC_DESTROYS_TEMPORARY_JOBS_TWICE 0
#endif

template<class Job>
auto locking_service::execute(key_set keys, Job&& job, const execute_options& options)
    -> asio::awaitable<detail::job_result<std::remove_reference_t<Job>>> {
    using result = detail::job_result<std::remove_reference_t<Job>>;
    static_assert(!std::is_reference_v<result>,
                  "colock: the job of execute() must not return a reference; return a value or a pointer");
    static_assert(
        !COLOCK_GCC_DESTROYS_TEMPORARY_JOBS_TWICE || std::is_lvalue_reference_v<Job> ||
            std::is_trivially_destructible_v<Job>,
        "colock: g++ before 13 destroys this job twice; capture by reference ([&], which is safe: execute() "
        "ends after the job), or give the job a name first and pass that");
    return detail::execute<result, Job>(prepare(std::move(keys), options), std::forward<Job>(job));
}

} // namespace colock
