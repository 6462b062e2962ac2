#pragma once

#include "detail/spin_mutex.hpp"
#include "memory/name_index.hpp"
#include "memory/records.hpp"

#include <array>
#include <atomic>
#include <utility>
#include <vector>

namespace colock::memory {

class lock_table;

/// Memory of records that are made and dropped all the time. Some that are idle are kept, as they were when
/// they were made; keys that nobody holds cost nothing.
class record_pool {
public:
    record_pool() = default;
    record_pool(const record_pool&) = delete;
    record_pool& operator=(const record_pool&) = delete;
    ~record_pool();

    [[nodiscard]] entry* make_entry(std::string_view name, std::size_t hash, shard& home);
    void recycle(entry* e) noexcept;
    [[nodiscard]] static hold_record* make_hold(entry& e) {
        hold_record* const h = e.usual.of ? new hold_record : &e.usual;
        h->of = &e;
        return h;
    }
    static void recycle(hold_record* h) noexcept {
        if (h == &h->of->usual)
            h->clear();
        else
            delete h;
    }

private:
    static void free(entry* e) noexcept;

    static constexpr unsigned most_idle = 32; // of each kind

    // Entries for names of up to 24, 40 and 56 bytes; longer names are not recycled.
    struct idle_entries {
        entry* first = nullptr;
        unsigned length = 0;
    };
    std::array<idle_entries, 3> idle_;
};

/// One of the independent parts of a lock_table: keys go by their hash to one of them. 128 bytes apart,
/// because processors fetch lines in pairs.
struct alignas(128) shard {
    /// The clock's wake-up for the earliest deadline of the shard.
    struct wake_up final : alarm {
        void on_alarm() noexcept override;
        shard* of = nullptr;
    };

    // What a shard can do by itself; all with the mutex held.
    [[nodiscard]] entry* find(std::string_view key, std::size_t hash) const noexcept {
        return entries.find(key, hash);
    }
    [[nodiscard]] entry& add_entry(std::string_view key, std::size_t hash);
    void retire_if_unused(entry& e) noexcept {
        if (e.unused()) {
            entries.erase(e);
            pool.recycle(&e);
        }
    }

    [[nodiscard]] owner_record* find_owner(std::string_view owner) const noexcept {
        return owners.find(owner, key_set::hash_of(owner));
    }
    [[nodiscard]] owner_record& obtain_owner(std::string_view owner);
    void retire_if_unused(owner_record& o) noexcept {
        if (o.unused()) {
            owners.erase(o);
            delete &o;
        }
    }

    /// A request gets a key, whatever others hold of it.
    hold_record& add_hold(entry& e, const lock_request& request, std::uint64_t token, time_point since,
                          time_point end);
    /// What a hold has of the request it was granted to.
    void begin_hold(hold_record& held, const lock_request& request, std::uint64_t token, time_point since,
                    time_point end);
    void set_expiry(hold_record& held, time_point at, bool overdue);
    /// Takes a hold out of all lists. It stays, for its scope or to be recycled, and so does its entry.
    void remove_hold(hold_record& held) noexcept {
        entry& e = *held.of;
        e.holds.erase(e.holds.iterator_to(held));
        held.linked = false;
        deadlines.erase(held);
        if (owner_record* o = std::exchange(held.owner, nullptr)) {
            o->holds.erase(o->holds.iterator_to(held));
            retire_if_unused(*o);
        }
    }
    /// A scope lets go of a hold that was removed.
    void unpin(hold_record& removed) noexcept {
        entry& e = *removed.of;
        --pinned;
        pool.recycle(&removed);
        --e.pins;
        retire_if_unused(e);
    }

    void add_place(entry& e, waiter_link& place) noexcept {
        place.on = &e;
        e.waiters.push_back(place);
        ++e.waiter_count;
        ++statistics.waiting;
    }
    void remove_place(waiter_link& place) noexcept {
        entry& e = *place.on;
        e.waiters.erase(e.waiters.iterator_to(place));
        --e.waiter_count;
        --statistics.waiting;
    }

    /// Has the clock wake the shard for its earliest deadline.
    void arm(clock_source& clock) {
        if (const time_point earliest = deadlines.earliest(); earliest < armed_for && !orphaned) {
            armed_for = earliest;
            clock.schedule(alarm, earliest);
        }
    }

    detail::spin_mutex mutex; // guards all that follows, up to `posts_begun`
    name_index<entry> entries;
    record_pool pool;
    std::uint64_t last_token = 0;
    std::size_t pinned = 0; ///< pinned holds: while there are any, the table stays
    detail::deadline_heap deadlines;
    time_point armed_for = never; ///< what `alarm` is scheduled for; it may be earlier than any deadline
    bool stopped = false;
    bool orphaned = false; ///< the provider is gone
    name_index<owner_record> owners;
    provider_statistics statistics;

    /// Times that waiters were taken from the queues, and times that their completions were posted after
    /// that.
    std::uint32_t posts_begun = 0;
    std::atomic<std::uint32_t> posts_ended{0};
    lock_table* table = nullptr;
    unsigned index = 0;
    wake_up alarm;
};

} // namespace colock::memory
