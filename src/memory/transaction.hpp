#pragma once

#include "memory/lock_table.hpp"
#include "memory/small_array.hpp"
#include "memory/waiter.hpp"

#include <boost/container/small_vector.hpp>

#include <optional>
#include <string>
#include <vector>

namespace colock::memory {

/// One atomic step on the lock table: it locks the shards it needs, in their order, changes them, settles
/// what follows from the change (who of those who wait can now run), and, once everything is unlocked, posts
/// the completions and tells the observer.
///
/// It settles when it ends. Settling may lead to further shards: the head of a queue may wait for several
/// keys. Those shards are then locked as well; where the order does not allow that at once, all are unlocked
/// for a moment and locked again, and what was known about them must be looked up anew. Entries on the work
/// list are pinned, so they survive that moment.
class transaction {
public:
    transaction(lock_table& table, std::uint64_t shards) : table_(table), watcher_(table.watcher()) {
        lock(shards);
        locked_ = shards;
    }
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;
    ~transaction();

    /// Ends the holds and waits that are due in the locked shards. To be called first.
    void run_due() {
        for (std::uint64_t left = locked_; left != 0; left &= left - 1)
            if (!first_of(left).deadlines.empty())
                return process_due();
    }

    /// The entries of some keys, null for those that have none; valid until the next change.
    using entry_list = small_array<entry*>;
    [[nodiscard]] entry_list locate(const key_set& keys) const;

    enum class verdict { grantable, must_wait, never };

    /// Whether a request can be granted: a new one, or (queued) one in its place. `never`: an upgrade.
    [[nodiscard]] verdict examine(const lock_request& request, const entry_list& entries,
                                  const waiter* queued) const;

    /// Grants a request that is grantable, and whose links are in no queue any more.
    acquisition grant(const lock_request& request, const entry_list& entries, waiter* waited);

    /// Takes a hold out of its entry. `none`: its holder gave it back.
    void end(hold_record& held, loss why);
    void set_expiry(hold_record& held, time_point at);

    void enqueue(waiter& w, const entry_list& entries, time_point deadline);
    /// Takes a waiter out of its queues, and decides its call.
    void finish(waiter& w, boost::system::error_code error, lock_event_kind event);
    /// Takes it out of its queues, and leaves its completion to the caller.
    void abandon(waiter& w);
    /// A call that is in no queue any more will complete.
    void complete(waiter& w, boost::system::error_code error) noexcept;

    /// The time, read once after the shards were locked.
    [[nodiscard]] time_point now() {
        if (!now_)
            now_ = table_.clock().now();
        return *now_;
    }

    /// What the owner holds of an entry, or null.
    [[nodiscard]] static hold_record* own_hold(entry& e, std::string_view owner);

    /// Remembers an event for the observer, if there is one.
    void tell(lock_event_kind kind, const entry& e, lock_mode mode, std::string_view owner,
              std::uint64_t token, time_point since);
    void tell(lock_event_kind kind, const hold_record& held);
    void tell_refused(const lock_request& request);

private:
    struct owner_change {
        entry* on;
        owner_record* of;
    };
    struct remembered_event {
        lock_event event;
        std::string key;
        std::string owner;
    };

    [[nodiscard]] shard& first_of(std::uint64_t mask) const noexcept {
        return table_.at(static_cast<unsigned>(std::countr_zero(mask)));
    }
    [[nodiscard]] bool covers(std::uint64_t mask) const noexcept { return (mask & ~locked_) == 0; }
    void lock(std::uint64_t mask);
    void unlock(std::uint64_t mask) noexcept;
    void extend(std::uint64_t mask);
    void rearm();
    void process_due();

    void settle();
    void settle(time_point as_of);
    void settle_queue(entry& e, time_point as_of);
    void settle_owner(entry& e, const owner_record& o);
    [[nodiscard]] bool try_grant(waiter& w); ///< a queued one, in its place

    void changed(entry& e);
    void unlink(waiter& w);
    void unpin(entry& e) noexcept;
    [[nodiscard]] entry& add_entry(const key_set& keys, std::size_t i);
    hold_record& add_hold(entry& e, const lock_request& request, std::uint64_t token);

    lock_table& table_;
    observer* const watcher_;
    std::uint64_t locked_ = 0;
    std::optional<time_point> now_;
    std::uint64_t last_token_ = 0;
    waiter* finished_ = nullptr;
    waiter** finished_end_ = &finished_;
    shard* posting_ = nullptr;
    boost::container::small_vector<entry*, 4> work_;
    boost::container::small_vector<owner_change, 2> owner_work_;
    std::vector<remembered_event> events_;
};

} // namespace colock::memory
