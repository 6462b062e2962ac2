#include "postgres/batch.hpp"

#include <algorithm>

namespace colock::postgres {
namespace {

using namespace remote;

bool is_for_one_key(const operation& what) noexcept {
    return what.keys.size() == 1 &&
           (std::holds_alternative<acquire_step>(what.what) ||
            std::holds_alternative<release_step>(what.what) ||
            std::holds_alternative<leave_step>(what.what) || std::holds_alternative<extend_step>(what.what));
}

} // namespace

batch next_batch(std::deque<entry>& queue, std::size_t most) {
    batch next;
    while (!queue.empty() && next.entries.size() < most) {
        entry& first = queue.front();
        const bool alone = first.alone || !is_for_one_key(*first.what);
        if (alone && !next.entries.empty())
            break;
        if (alone) {
            next.entries.push_back(std::move(first));
            queue.pop_front();
            return next;
        }
        // behind those of the same key
        const auto place = std::upper_bound(
            next.entries.begin(), next.entries.end(), first.what->keys[0],
            [](std::string_view key, const entry& other) { return key < other.what->keys[0]; });
        next.entries.insert(place, std::move(first));
        queue.pop_front();
    }
    return next;
}

} // namespace colock::postgres
