#pragma once

#include "detail/context_watch.hpp"
#include "memory/shard.hpp"
#include "memory/token_source.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <memory>
#include <optional>
#include <vector>

namespace colock::memory {

class transaction;

/// The keys that are held or waited for, in this process. Every operation is a transaction over the shards of
/// its keys (see transaction.hpp); this class has what outlives them.
class lock_table final : public detail::context_user, public std::enable_shared_from_this<lock_table> {
public:
    static constexpr unsigned shard_count = 64; // one bit each in a 64-bit mask
    static constexpr std::uint64_t all_shards = ~std::uint64_t{0};

    lock_table(std::size_t max_waiters, std::shared_ptr<clock_source> clock);
    ~lock_table();

    [[nodiscard]] static std::uint64_t shards_of(const key_set& keys) noexcept;
    [[nodiscard]] static unsigned shard_of(std::size_t hash) noexcept {
        return static_cast<unsigned>(hash >> (sizeof hash * 8 - std::bit_width(shard_count - 1)));
    }

    /// Grants, refuses, or queues the request, as a waiter that is made in `waiting`: `undecided`; without
    /// `waiting`, it is left undecided. The arguments belong to the waiter from then on.
    [[nodiscard]] attempt begin(const lock_request& request, acquisition& granted,
                                boost::system::error_code& refused, waiting_room* waiting);

    // What a provider does, see there.
    [[nodiscard]] time_point extend(const grant& held, duration span);
    [[nodiscard]] bool release(const key_set& keys, std::string_view owner);
    [[nodiscard]] bool release(const grant& held);
    std::size_t release_all(const std::string* owner);
    [[nodiscard]] std::vector<lock_info> list(const list_request& what);
    [[nodiscard]] provider_statistics statistics();
    void stop() noexcept;
    void close() noexcept;
    void set_observer(std::shared_ptr<observer> watcher);

    /// The provider goes away: stop(), and the table ends with the last hold that a scope owns.
    void orphan() noexcept;

    // For waiters.
    [[nodiscard]] bool cancel(waiter& w) noexcept;     ///< false: it was decided before
    void received(waiter& w, bool by_caller) noexcept; ///< what it was granted, or else it never will be

    std::vector<detail::resumption> forget(asio::execution_context& context) noexcept override;

    // For transactions.
    [[nodiscard]] shard& at(unsigned index) noexcept { return shards_[index]; }
    [[nodiscard]] clock_source& clock() const noexcept { return *clock_; }
    [[nodiscard]] observer* watcher() const noexcept { return watcher_.load(std::memory_order_acquire); }
    [[nodiscard]] std::uint64_t next_token(time_point& now) noexcept { return tokens_.next(now); }

    /// The time to some milliseconds, if it is not known.
    [[nodiscard]] time_point at_least_coarse(time_point now) const noexcept {
        return now == never ? clock_->coarse_now() : now;
    }
    /// When a hold that is granted now will end.
    [[nodiscard]] time_point end_of(const lock_request& request) const noexcept {
        return request.expire ? std::min(saturated_add(clock_->now(), *request.expire), request.hold_until)
                              : request.hold_until;
    }
    /// What a shard's grants are called. Two shards may draw equal tokens at the same time: each is an origin
    /// of its own.
    [[nodiscard]] grant_id id_of(unsigned shard, std::uint64_t token) const noexcept {
        return {origin_ | shard, token};
    }
    [[nodiscard]] bool has_granted(const grant_id& id) const noexcept {
        return (id.origin & ~std::uint64_t{shard_count - 1}) == origin_;
    }
    void unpinned(std::size_t holds) noexcept; ///< by scopes, after the provider was gone

private:
    /// Waits until no thread is about to post the completion of a waiter it has decided on.
    void await_posts() noexcept;
    [[nodiscard]] std::optional<bool> release_simple(const key_set& keys, std::string_view owner);
    [[nodiscard]] attempt begin_any(const lock_request& request, acquisition& granted,
                                    boost::system::error_code& refused, waiting_room* waiting);
    void grant_new(shard& s, const lock_request& request, acquisition& granted); ///< a key nobody has
    void enqueue(waiter& w, entry& e);

    const std::size_t max_waiters_;
    const std::shared_ptr<clock_source> clock_;
    const std::uint64_t origin_;
    alignas(128) token_source tokens_;

    alignas(128) std::atomic<observer*> watcher_{nullptr};
    std::mutex watchers_mutex_;
    std::vector<std::shared_ptr<observer>> watchers_; ///< all there were: one may be in use

    std::atomic<std::size_t> pinned_{0}; ///< once orphaned: holds that keep the table
    std::shared_ptr<lock_table> self_;   ///< once orphaned: released with the last of them

    std::array<shard, shard_count> shards_;
};

} // namespace colock::memory
