#pragma once

#include <colock/provider.hpp>

#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

namespace colock::memory {

namespace intrusive = boost::intrusive;
using list_hook = intrusive::list_member_hook<intrusive::link_mode<intrusive::normal_link>>;

struct shard;
struct entry;
struct owner_record;
class waiter;
class waiting_room;

/// In the deadline heap an expiry comes before a wait's end at the same instant: who can still be served, is.
enum deadline_rank : std::uint8_t { rank_expiry, rank_wait };

/// One key held by one acquisition. An acquisition of several keys has one for each, with the same token; one
/// that belongs to a scope is `pinned`: it stays, lost or not, until the scope drops it.
class hold_record final : public hold, public detail::deadline_node {
public:
    grant describe() const override;
    loss state() const noexcept override;
    time_point valid_until() const noexcept override;
    bool set_listener(loss_listener* listener) noexcept override;
    bool drops_at_once() const noexcept override { return true; }
    asio::awaitable<loss> release() override;
    loss drop() noexcept override;

    [[nodiscard]] std::uint64_t shards() const noexcept; ///< of this and the keys after it

    /// As it was made; for one that is in no list any more.
    void clear() noexcept {
        at = never;
        lost = loss::none;
        pinned = overdue_end = told = false;
        untold = 0;
        next_key = nullptr;
        listener = nullptr;
        of = nullptr;
    }

    // Guarded by the mutex of the entry's shard, but for what never changes. The flags come first because
    // some fit into the padding of the base class. (As bits of one byte, they would be written apart and read
    // together, which stalls.)
    lock_mode mode = lock_mode::exclusive;
    loss lost = loss::none;
    bool pinned = false;
    bool linked = false;             ///< held: in the lists of its entry and owner
    bool overdue_end = false;        ///< the deadline is the request's hold_until, not its lease
    std::uint8_t granted_by = 0;     ///< the shard whose token it is: of the first of the call's keys
    bool told = false;               ///< an owner's: some call has returned it to its caller
    std::uint32_t untold = 0;        ///< an owner's: calls that were granted it, and have yet to return
    entry* of = nullptr;             ///< null: not in use
    hold_record* next_key = nullptr; ///< of the same scoped acquisition
    owner_record* owner = nullptr;   ///< null: nobody in particular
    std::uint64_t token = 0;
    std::uint64_t born = 0; ///< its first token: says whether it is still the same hold
    time_point since;
    loss_listener* listener = nullptr;
    list_hook in_entry;
    list_hook in_owner;

private:
    loss end() noexcept;
    [[nodiscard]] loss drop_any() noexcept;
    /// One key, still held, and nobody to be told.
    [[nodiscard]] bool is_simple() const noexcept;
    /// To the first who waits, if that is as simple; else null.
    [[nodiscard]] waiter* hand_over() noexcept;
};

/// One place of a waiting call in the queue of one key.
struct waiter_link {
    entry* on = nullptr;
    waiter* of = nullptr;
    owner_record* owner = nullptr;
    std::uint64_t born = 0; ///< once granted: of the hold
    list_hook in_entry;
    list_hook in_owner;
};

/// A key that is held, waited for, or pinned. Its name lies behind it in the same allocation.
struct entry {
    [[nodiscard]] std::string_view name() const noexcept {
        return {reinterpret_cast<const char*>(this + 1), length};
    }
    [[nodiscard]] bool unused() const noexcept { return holds.empty() && waiters.empty() && pins == 0; }
    [[nodiscard]] bool visible() const noexcept { return !holds.empty() || !waiters.empty(); }

    std::size_t hash = 0;
    entry* next_in_bucket = nullptr;
    shard* home = nullptr;
    std::uint16_t length = 0;
    std::uint32_t pins = 0; ///< pinned holds, and places in a transaction's work list
    std::size_t waiter_count = 0;
    intrusive::list<hold_record, intrusive::member_hook<hold_record, list_hook, &hold_record::in_entry>,
                    intrusive::constant_time_size<false>>
        holds; ///< oldest first; several only in shared mode
    intrusive::list<waiter_link, intrusive::member_hook<waiter_link, list_hook, &waiter_link::in_entry>,
                    intrusive::constant_time_size<false>>
        waiters;       ///< oldest first
    hold_record usual; ///< the only one, unless readers share the key, or a scope still has one it lost
};

/// What a named owner holds and waits for in one shard.
struct owner_record {
    [[nodiscard]] std::string_view name() const noexcept { return owner; }
    [[nodiscard]] bool unused() const noexcept { return holds.empty() && waiting.empty() && pins == 0; }

    std::size_t hash = 0;
    owner_record* next_in_bucket = nullptr;
    std::string owner;
    std::uint32_t pins = 0;
    intrusive::list<hold_record, intrusive::member_hook<hold_record, list_hook, &hold_record::in_owner>,
                    intrusive::constant_time_size<false>>
        holds;
    intrusive::list<waiter_link, intrusive::member_hook<waiter_link, list_hook, &waiter_link::in_owner>,
                    intrusive::constant_time_size<false>>
        waiting;
};

} // namespace colock::memory
