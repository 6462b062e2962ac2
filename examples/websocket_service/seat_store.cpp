#include "seat_store.hpp"

#include "fault.hpp"

#include <algorithm>

namespace seat_service {

seat_store::seat_store(listener told) : told_(std::move(told)) {
    for (std::size_t i = 0; i < rows_.size(); ++i)
        rows_[i].what.number = i;
}

void seat_store::check(std::size_t number, std::uint64_t token) {
    row& r = rows_[number];
    if (token == unchecked)
        return;
    if (token < r.greatest_token)
        throw failure(fault::stale_token, "seat " + seat_name(number) + " has seen a later lock's token",
                      {seat_key(number)});
    r.greatest_token = token;
}

std::vector<seat> seat_store::look(const seat_list& which, std::uint64_t token) {
    const std::lock_guard lock(mutex_);
    std::vector<seat> result;
    for (const std::size_t number : which) {
        check(number, token);
        result.push_back(rows_[number].what);
    }
    return result;
}

void seat_store::write(const std::vector<seat>& seen, std::uint64_t token) {
    const std::lock_guard lock(mutex_);
    for (const seat& each : seen)
        check(each.number, token);
    const auto conflicts =
        static_cast<std::uint64_t>(std::count_if(seen.begin(), seen.end(), [&](const seat& each) {
            return each.version != rows_[each.number].what.version;
        }));
    totals_.conflicts += conflicts;
    if (conflicts > 0 && token != unchecked)
        throw failure(fault::internal, "a seat was changed under its lock");
    for (const seat& each : seen) {
        seat& now = rows_[each.number].what;
        totals_.sold -= now.buyer ? 1 : 0;
        totals_.sold += each.buyer ? 1 : 0;
        now = seat{.number = each.number, .buyer = each.buyer, .name = each.name, .version = now.version + 1};
    }
    for (const seat& each : seen)
        told_(rows_[each.number].what, totals_);
}

std::vector<seat> seat_store::all() const {
    const std::lock_guard lock(mutex_);
    std::vector<seat> result;
    for (const row& each : rows_)
        result.push_back(each.what);
    return result;
}

seat_store::totals seat_store::count() const {
    const std::lock_guard lock(mutex_);
    return totals_;
}

} // namespace seat_service
