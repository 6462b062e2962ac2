#pragma once

#include <colock/provider.hpp>

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// The ground that all providers outside the process share.
///
///     provider ── engine ──┬── attempt (one call that takes locks) ──┐
///                          ├── keeper (leases of guards)             ├── operation ── channel ── link
///                          └── background releases ──────────────────┘                          (backend)
///
/// - An *operation* is one atomic step of the backend. It may be sent several times: when its answer is lost
///   with the connection, the channel sends it again. Each carries its call's id and the number of the try,
///   so that the backend gives the same answer again, and refuses a try that arrives after a later one.
/// - A *channel* carries operations over a link that comes and goes: it opens the link when there is
///   something to send, again with growing, jittered pauses, ends operations whose limit passes, and gives
///   up a link that does not answer. It keeps no asynchronous operation pending when there is nothing to
///   wait for, so that an idle provider does not keep `io_context::run()` from returning.
/// - A *link* is what a backend has to write: how to connect, how to write an operation, how to read answers
///   and notifications.
/// - The *engine* is what a provider, its calls and its holds share: who waits for what, whose lease is to be
///   renewed. A notification is a hint only: it makes the call ask again, by the same atomic operation.
/// - A call that gives up (its deadline, a cancellation, its coroutine destroyed) is over for its caller at
///   once; an operation in the background takes back what it may have been granted.
///
/// Time is that of boottime_clock_source(): it goes on while the machine sleeps, as the server's does.
namespace colock::remote {

/// Which of the providers' words an operation is; how it is written down is the backend's matter.
struct acquire_step {
    std::optional<time_point> deadline; ///< of the wait, `never`: none; absent: do not queue
};
struct leave_step {
    std::uint64_t first_link =
        0; ///< if not the present one, a message of the call may still be on its way there
};
struct release_step {
    bool by_id = true; ///< else what the owner holds
};
struct extend_step {
    duration span;
};
struct renewal {
    grant_id id;
    std::string key;
    duration lease;
};
struct tick_step {
    bool has_waiters = false;
    std::vector<std::uint64_t> calls; ///< that wait, and are not just asking
    std::string cursor = "0";         ///< of what is cleared away in parts
    std::vector<renewal> renewals;
    std::vector<std::string> awaited; ///< keys that local calls wait for
};
struct release_all_step {
    std::optional<std::string> owner;
    std::string cursor = "0";
    std::uint64_t newest = 0;
};
struct list_step {
    std::string prefix;
    std::optional<std::string> owner;
    std::string cursor = "0";
};
/// In the backend's own words.
struct question_step {
    std::vector<std::string> words;
};
struct listen_step {}; ///< for notifications, as long as the operation is not dropped
struct ping_step {};   ///< whether the link still answers

using step = std::variant<acquire_step, leave_step, release_step, extend_step, tick_step, release_all_step,
                          list_step, question_step, listen_step, ping_step>;

/// What happened to a key, as the backend tells it.
struct key_event {
    lock_event_kind kind;
    std::string key;
    std::string owner;
    std::uint64_t token = 0;
    lock_mode mode = lock_mode::exclusive;
    duration elapsed{};
};

enum class verdict : unsigned char {
    done,    ///< it was carried out
    queued,  ///< the call waits
    refused, ///< held by another
    full,    ///< the queue is
    gone,    ///< not held any more
    late,    ///< it arrived after its validity: nothing was done
    spent,   ///< it arrived after a later try, or after its call was abandoned: nothing was done
};

/// What a backend answers. Which members are set depends on the step.
struct reply {
    boost::system::error_code error; ///< it could not be carried out, or it is not known whether it was
    std::string text;                ///< of the error
    verdict what = verdict::done;
    grant_id id;
    std::uint64_t token = 0;
    bool same_hold = false;             ///< the owner had it before
    duration remaining = forever;       ///< of the lease; or until something changes by itself
    std::size_t count = 0;              ///< keys
    std::vector<std::size_t> waiters;   ///< for each key of the call, or none if nobody waits
    std::vector<std::uint64_t> missing; ///< tick: waiting calls that the backend has given up for dead
    std::vector<std::uint64_t> lost;    ///< tick: leases that could not be renewed
    std::vector<duration> changes;      ///< tick: for each key waited for, as `remaining`
    bool more = false;                  ///< tick: there is more to clear away
    std::string cursor;
    std::uint64_t newest = 0;
    std::vector<lock_info> locks;
    std::vector<std::string> words; ///< of a question
};

class channel;

/// One atomic step of the backend on behalf of one call, and what becomes of its answer.
class operation : public std::enable_shared_from_this<operation>, public detail::deadline_node {
public:
    operation(const operation&) = delete;
    operation& operator=(const operation&) = delete;
    virtual ~operation() = default;

    /// Its answer, once for each time it was submitted, unless it was dropped. On any thread, without locks.
    virtual void completed(reply answer) = 0;

    /// About to be written. `again`: an answer was lost. On the channel's strand.
    virtual void sending(bool again) { (void)again; }

    step what;
    grant_id id;
    key_set keys;
    std::string owner;
    lock_mode mode = lock_mode::exclusive;
    bool scoped = false;
    std::optional<duration> expire;

    unsigned tries = 0;           ///< times it was written
    bool unanswered = false;      ///< it was written before, and that answer was lost
    time_point sent_at;           ///< the last time; validity counts from then
    std::uint64_t first_link = 0; ///< the number of the link it was first written to

    /// Nobody wants its answer any more.
    [[nodiscard]] bool dropped() const noexcept { return dropped_.load(std::memory_order_acquire); }

protected:
    operation() = default;

private:
    friend class channel;
    enum class place : unsigned char { none, queued, sent };
    std::atomic<bool> dropped_ = false;
    place place_ = place::none;
    std::list<std::shared_ptr<operation>>::iterator at_;
};

using operation_ptr = std::shared_ptr<operation>;

/// What a backend tells besides the answers to operations.
class listener {
public:
    /// These calls may be able to run now.
    virtual void on_woken(const std::vector<std::uint64_t>& calls) noexcept = 0;
    /// These leases were taken away.
    virtual void on_revoked(const std::vector<std::uint64_t>& leases) noexcept = 0;
    virtual void on_events(std::vector<key_event> events) noexcept = 0;
    /// The link for operations was opened (again): the backend may have forgotten everything.
    virtual void on_connected() noexcept = 0;
    /// From now on notifications arrive; those of before may have been missed.
    virtual void on_listening() noexcept = 0;

protected:
    ~listener() = default;
};

/// One connection to a backend, opened again and again. Its functions are called on the channel's strand.
class link {
public:
    virtual ~link() = default;
    /// Connects. Calls channel::opened() or channel::broken() later, never at once.
    virtual void open() = 0;
    /// Writes an operation, at the latest at flush(). Answers go to channel::answered(), also those of
    /// operations that were dropped: they count as in flight until then.
    virtual void send(const operation_ptr& what) = 0;
    virtual void flush() = 0;
    /// Nobody wants the answer of an operation that was sent.
    virtual void dropped(const operation& what) noexcept { (void)what; }
    /// Closes the connection, or ends the attempt to open it. No call to the channel follows.
    virtual void close() noexcept = 0;
};

} // namespace colock::remote
