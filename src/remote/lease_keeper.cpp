#include "remote/lease_keeper.hpp"

#include <algorithm>

namespace colock::remote {

void lease_keeper::add(kept_lease& lease, time_point sent_at, duration remaining) {
    sent_at -= lease.length - std::min(remaining, lease.length);
    lease.kept = true;
    lease.counts_until = lease.validity(sent_at);
    leases_.emplace(lease.id.number, &lease);
    renewals_.push(lease.renewal, saturated_add(sent_at, lease.length / 3));
    ends_.push(lease.end, lease.lost_at());
}

void lease_keeper::remove(kept_lease& lease) noexcept {
    if (!std::exchange(lease.kept, false))
        return;
    leases_.erase(lease.id.number);
    renewals_.erase(lease.renewal);
    ends_.erase(lease.end);
}

kept_lease* lease_keeper::next_lost(time_point now) const noexcept {
    return ends_.earliest() <= now ? static_cast<kept_lease::node*>(ends_.top())->of : nullptr;
}

kept_lease* lease_keeper::find(std::uint64_t number) const noexcept {
    const auto found = leases_.find(number);
    return found == leases_.end() ? nullptr : found->second;
}

std::vector<kept_lease*> lease_keeper::all() const {
    std::vector<kept_lease*> result;
    for (const auto& [number, lease] : leases_)
        result.push_back(lease);
    return result;
}

std::vector<renewal> lease_keeper::collect(time_point now) {
    std::vector<renewal> due;
    if (renewals_.earliest() > now)
        return due;
    while (due.size() < most && !renewals_.empty()) {
        kept_lease& lease = *static_cast<kept_lease::node*>(renewals_.top())->of;
        if (lease.renewal.at > saturated_add(now, lease.length / 6))
            break;
        renewals_.erase(lease.renewal);
        for (const std::string_view key : lease.keys)
            due.push_back({lease.id, std::string(key), lease.length});
    }
    return due;
}

std::vector<kept_lease*> lease_keeper::renewed(const std::vector<renewal>& asked, time_point sent_at,
                                               const std::vector<std::uint64_t>& lost) {
    std::vector<kept_lease*> gone;
    for (const std::uint64_t number : lost)
        if (kept_lease* const lease = find(number))
            if (std::find(gone.begin(), gone.end(), lease) == gone.end())
                gone.push_back(lease);
    for (const renewal& one : asked) {
        kept_lease* const lease = find(one.id.number);
        if (!lease || std::find(gone.begin(), gone.end(), lease) != gone.end())
            continue;
        lease->counts_until = lease->validity(sent_at);
        renewals_.push(lease->renewal, saturated_add(sent_at, lease->length / 3));
        ends_.push(lease->end, lease->lost_at());
    }
    return gone;
}

void lease_keeper::failed(const std::vector<renewal>& asked, time_point again) {
    for (const renewal& one : asked)
        if (kept_lease* const lease = find(one.id.number))
            renewals_.push(lease->renewal, again);
}

void lease_keeper::renew_all(time_point now) {
    for (const auto& [number, lease] : leases_)
        renewals_.push(lease->renewal, now);
}

} // namespace colock::remote
