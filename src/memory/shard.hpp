#pragma once

#include "memory/name_index.hpp"
#include "memory/records.hpp"
#include "memory/shard_mutex.hpp"

#include <array>
#include <atomic>
#include <vector>

namespace colock::memory {

class lock_table;

/// Memory of records that are made and dropped all the time. What is idle is kept up to a limit, then freed:
/// keys that nobody holds cost nothing.
class record_pool {
public:
    record_pool() = default;
    record_pool(const record_pool&) = delete;
    record_pool& operator=(const record_pool&) = delete;
    ~record_pool();

    [[nodiscard]] entry* make_entry(std::string_view name, std::size_t hash, shard& home);
    void recycle(entry* e) noexcept;
    [[nodiscard]] hold_record* make_hold();
    void recycle(hold_record* h) noexcept;

private:
    static constexpr std::size_t most_idle = 128; // of each kind

    // Entries for names of up to 24, 40 and 56 bytes; longer names are not recycled.
    std::array<std::vector<void*>, 3> idle_entries_;
    std::vector<void*> idle_holds_;
};

/// One of the independent parts of a lock_table: keys go by their hash to one of them. 128 bytes apart,
/// because processors fetch lines in pairs.
struct alignas(128) shard {
    /// The clock's wake-up for the earliest deadline of the shard.
    struct wake_up final : alarm {
        void on_alarm() noexcept override;
        shard* of = nullptr;
    };

    shard_mutex mutex; // guards all that follows, up to `posting`
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

    /// Transactions that have yet to post completions of waiters they took from their queues.
    std::atomic<unsigned> posting{0};
    lock_table* table = nullptr;
    unsigned index = 0;
    wake_up alarm;
};

} // namespace colock::memory
