#pragma once

#include "remote/operation.hpp"

#include <colock/detail/deadline_heap.hpp>

#include <unordered_map>
#include <vector>

namespace colock::remote {

/// The lease of one guard or `execute`: when it is to be renewed, and when it is lost. Guarded by the owner
/// of the keeper.
struct kept_lease {
    struct node : detail::deadline_node {
        kept_lease* of = nullptr;
    };

    kept_lease(grant_id id, key_set keys, duration length, time_point hold_until)
        : id(id), keys(std::move(keys)), length(length), hold_until(hold_until) {
        renewal.of = end.of = this;
    }
    kept_lease(const kept_lease&) = delete;
    kept_lease& operator=(const kept_lease&) = delete;

    /// Until when it counts if a message of that time was granted: earlier than the server may think, because
    /// clocks differ and a job takes time to stop (rule R4).
    [[nodiscard]] time_point validity(time_point sent_at) const noexcept {
        return saturated_add(sent_at, length - length / 10);
    }
    [[nodiscard]] time_point lost_at() const noexcept { return std::min(counts_until, hold_until); }

    const grant_id id;
    const key_set keys;
    const duration length;
    const time_point hold_until; ///< rule E2: lost then whatever happens
    time_point counts_until = never;
    node renewal;
    node end;
    bool kept = false;
};

/// Renews all leases of a process together (rule L4), and says which are lost. Not thread-safe; it has no
/// timer of its own: its owner asks for next() and then for what is due.
class lease_keeper {
public:
    /// From now on renewed. `sent_at`: when the message that was granted was sent. `remaining`: of the lease,
    /// when it was answered; less than its length if an earlier message had been granted, whose answer was
    /// lost.
    void add(kept_lease& lease, time_point sent_at, duration remaining);
    void remove(kept_lease& lease) noexcept;

    [[nodiscard]] bool empty() const noexcept { return leases_.empty(); }
    [[nodiscard]] time_point next_renewal() const noexcept { return renewals_.earliest(); }
    [[nodiscard]] time_point next_end() const noexcept { return ends_.earliest(); }

    /// A lease that is lost, or null; to be removed by whoever is told.
    [[nodiscard]] kept_lease* next_lost(time_point now) const noexcept;
    [[nodiscard]] kept_lease* find(std::uint64_t number) const noexcept;

    [[nodiscard]] std::vector<kept_lease*> all() const;

    /// All that are to be renewed soon, if any must be now. They are not due again until renewed() or
    /// failed().
    [[nodiscard]] std::vector<renewal> collect(time_point now);

    /// A message of that time renewed these, except the lost ones, which are given back.
    [[nodiscard]] std::vector<kept_lease*> renewed(const std::vector<renewal>& asked, time_point sent_at,
                                                   const std::vector<std::uint64_t>& lost);
    /// It is not known whether they were: tries again at that time.
    void failed(const std::vector<renewal>& asked, time_point again);
    /// All are to be renewed now: some may have been lost without a word.
    void renew_all(time_point now);

private:
    static constexpr std::size_t most = 500; // in one message: the server does nothing else meanwhile

    std::unordered_map<std::uint64_t, kept_lease*> leases_; // by number: the origin is ours
    detail::deadline_heap renewals_;
    detail::deadline_heap ends_;
};

} // namespace colock::remote
