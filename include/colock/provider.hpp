#pragma once

#include <colock/clock.hpp>
#include <colock/error.hpp>
#include <colock/grant.hpp>
#include <colock/key_set.hpp>
#include <colock/observer.hpp>
#include <colock/options.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace colock {

namespace asio = boost::asio;

/// Why something that was held is held no more.
enum class loss : unsigned char {
    none,    ///< it is still held
    expired, ///< its lease ran out
    overdue, ///< it was held up to its `hold_until`
    revoked, ///< taken by `release_all`
    closed,  ///< taken by `close`
};

/// Told when a hold is lost.
class loss_listener {
public:
    /// May be called more than once, on any thread and under a lock of the provider: it must not block and
    /// not call the provider, only note the loss or post something.
    virtual void on_loss(loss why) noexcept = 0;

protected:
    ~loss_listener() = default;
};

/// What a scope (a guard, an `execute`) holds: one acquisition that nobody else can name. Made by a provider,
/// and independent of the provider's lifetime: it stays valid after the provider object is gone. A provider
/// outside the process renews its lease in the background for as long as it lives.
///
/// Thread safety: as a plain object; state() and the listener may race with the loss itself.
class hold {
public:
    hold(const hold&) = delete;
    hold& operator=(const hold&) = delete;

    /// The acquisition, as a value.
    [[nodiscard]] virtual grant describe() const = 0;

    /// `none` while it is held.
    [[nodiscard]] virtual loss state() const noexcept = 0;

    /// When the lock will be lost unless it is renewed; `never` if it will not.
    [[nodiscard]] virtual time_point valid_until() const noexcept = 0;

    /// Sets who is told of the loss (null: nobody). False: it is lost already, and nobody will be told. When
    /// this returns, no call to the former listener is running.
    virtual bool set_listener(loss_listener* listener) noexcept = 0;

    /// Whether drop() does all there is to do, so that nothing needs to be awaited.
    [[nodiscard]] virtual bool drops_at_once() const noexcept = 0;

    /// Gives the lock back. Completes with `none` if it was held until now. Errors of the backend are thrown;
    /// the lock is then given back by its lease. Call drop() afterwards.
    [[nodiscard]] virtual asio::awaitable<loss> release() = 0;

    /// Gives the lock back if that has not been done, in the background if it takes time, and ends this
    /// object. Returns `none` if, as far as is known, it was held until now.
    virtual loss drop() noexcept = 0;

protected:
    hold() = default;
    ~hold() = default;
};

struct hold_deleter {
    void operator()(hold* h) const noexcept { h->drop(); }
};
using hold_ptr = std::unique_ptr<hold, hold_deleter>;

/// One call to take locks, checked and complete. What it refers to lives until the call has completed.
struct lock_request {
    const key_set& keys;
    std::string_view owner = {}; ///< empty: nobody in particular
    lock_mode mode = lock_mode::exclusive;
    /// For a guard or an `execute`: no `release` by key or owner may touch it, and the acquisition comes with
    /// a hold, if the provider has such.
    bool scoped = false;
    duration wait = duration::zero(); ///< zero: do not queue; `forever`: no limit
    /// Length of the lease; for a scoped request, of the lease to keep renewed. Absent: none, or unchanged.
    std::optional<duration> expire = {};
    /// A scoped lock is lost at this point in time of the provider's clock whatever happens (rule E2: the
    /// timeout of an `execute` plus its grace).
    time_point hold_until = never;
};

/// What a provider answers to a lock_request that it grants.
struct acquisition {
    grant_id id;
    std::uint64_t token = 0;
    time_point expires_at = never;
    /// For a scoped request: what the scope shall own; the taker must drop() it. Null from a provider that
    /// has no holds of its own: the service then makes one that cannot tell of a loss.
    hold* held = nullptr;
};

/// The outcome of provider::try_now.
enum class attempt : unsigned char {
    granted,   ///< the acquisition was filled in
    undecided, ///< the keys may have to be waited for: call acquire()
    refused,   ///< the request does not want to wait, and the error was filled in
};

/// Which locks to list.
struct list_request {
    std::string prefix;
    std::optional<std::string> owner;
};

/// What a provider has done since it was made. Each number only grows, but for the last two.
struct provider_statistics {
    std::uint64_t granted = 0;   ///< acquisitions, those after a wait included
    std::uint64_t queued = 0;    ///< acquisitions that had to wait
    std::uint64_t refused = 0;   ///< refused because held, or because the queue was full
    std::uint64_t timed_out = 0; ///< waits
    std::uint64_t cancelled = 0; ///< waits
    std::uint64_t released = 0;  ///< keys, by their holder
    std::uint64_t expired = 0;   ///< keys
    std::uint64_t revoked = 0;   ///< keys, by `release_all` or `close`
    std::uint64_t held = 0;      ///< keys held or promised now
    std::uint64_t waiting = 0;   ///< places in queues now; a call takes one a key
};

/// Where locks live. Users may write their own. locking_service checks what it is given before it calls, so a
/// provider sees only valid requests; it must be safe to call from any number of threads at once. References
/// passed to a coroutine live until that has completed.
///
/// Errors are thrown as lock_error with the codes of errc.
class provider {
public:
    virtual ~provider() = default;
    provider(const provider&) = delete;
    provider& operator=(const provider&) = delete;

    /// Whether locks need a lease because they outlive the process that holds them.
    [[nodiscard]] virtual bool needs_lease() const noexcept { return true; }

    /// The clock of grant::expires_at, and of the deadlines of `execute`.
    [[nodiscard]] virtual clock_source& clock() const noexcept = 0;

    /// Tries to decide a request without suspending: the fast path. The default leaves everything to
    /// acquire().
    [[nodiscard]] virtual attempt try_now(const lock_request& request, acquisition& granted,
                                          boost::system::error_code& refused) {
        (void)request;
        (void)granted;
        (void)refused;
        return attempt::undecided;
    }

    /// Takes all keys of the request or none, queueing for them if need be.
    ///
    /// Errors: already_locked (not to wait), timed_out, too_many_waiters, closed, provider_unavailable.
    /// Cancellation: of all types; `operation_aborted`, and nothing is held.
    [[nodiscard]] virtual asio::awaitable<acquisition> acquire(const lock_request& request) = 0;

    /// Sets the end of the lease of all keys of the grant to now + `span` (`forever`: none), and completes
    /// with that time. Error: lease_lost if not all keys are still held by that very acquisition.
    [[nodiscard]] virtual asio::awaitable<time_point> extend(grant held, duration span) = 0;

    /// Releases those of the keys that the owner (empty: nobody in particular) holds. True if that was all of
    /// them.
    [[nodiscard]] virtual asio::awaitable<bool> release(key_set keys, std::string owner) = 0;

    /// Releases those keys of the grant that are still held by that very acquisition. True if that was all.
    [[nodiscard]] virtual asio::awaitable<bool> release(grant held) = 0;

    /// Releases all that the owner holds; no owner: everything. Completes with the number of keys.
    [[nodiscard]] virtual asio::awaitable<std::size_t> release_all(std::optional<std::string> owner) = 0;

    /// What is held or waited for, in no particular order.
    [[nodiscard]] virtual asio::awaitable<std::vector<lock_info>> list(list_request what) = 0;

    /// Refuses new acquisitions from now on and ends all waits, with errc::closed.
    virtual void stop() noexcept = 0;

    /// After stop(): takes back what scopes still hold, and lets go of connections and the like. Releasing
    /// and listing still work afterwards.
    [[nodiscard]] virtual asio::awaitable<void> close() = 0;

    /// From now on told of what happens, until the provider is gone.
    virtual void set_observer(std::shared_ptr<observer> watcher) { (void)watcher; }

    [[nodiscard]] virtual provider_statistics statistics() const { return {}; }

protected:
    provider() = default;
};

} // namespace colock
