#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace colock {

/// All durations: nanoseconds.
using duration = std::chrono::nanoseconds;

/// Points in time on a clock_source; they mean nothing outside the process.
using time_point = std::chrono::time_point<std::chrono::steady_clock, duration>;

/// As a limit: none. `now + forever` never wraps.
inline constexpr duration forever = duration::max();

/// The point in time that never comes.
inline constexpr time_point never = time_point::max();

/// `start + span`, or `never` where that would not fit.
[[nodiscard]] constexpr time_point saturated_add(time_point start, duration span) noexcept {
    if (span > duration::zero() && start > time_point::max() - span)
        return never;
    return start + span;
}

namespace detail {

/// What a deadline_heap orders; embedded in the object that has the deadline.
struct deadline_node {
    time_point at = never;
    std::uint32_t position = 0; ///< 1-based place in the heap; 0: not in it
    std::uint8_t rank = 0;      ///< orders nodes of the same time, smaller first
};

/// An intrusive priority queue of deadlines: a 4-ary heap whose nodes know their place, so that the earliest
/// is found at once and any can be removed in O(log n) (D. B. Johnson's d-ary heap; four children share a
/// cache line). Not thread-safe.
class deadline_heap {
public:
    [[nodiscard]] bool empty() const noexcept { return slots_.empty(); }
    [[nodiscard]] deadline_node* top() const noexcept {
        return slots_.empty() ? nullptr : slots_.front().node;
    }
    [[nodiscard]] time_point earliest() const noexcept { return slots_.empty() ? never : slots_.front().at; }

    /// Adds `node`, or moves it if it is queued already.
    void push(deadline_node& node, time_point at) {
        erase(node);
        node.at = at;
        slots_.push_back({at, &node});
        sift_up(slots_.size() - 1);
    }

    /// Removes `node`; nothing if it is not queued.
    void erase(deadline_node& node) noexcept {
        if (node.position == 0)
            return;
        const std::size_t index = node.position - 1;
        node.position = 0;
        const slot last = slots_.back();
        slots_.pop_back();
        if (index == slots_.size())
            return;
        slots_[index] = last;
        if (index != 0 && before(last, slots_[parent(index)]))
            sift_up(index);
        else
            sift_down(index);
    }

private:
    struct slot {
        time_point at;
        deadline_node* node;
    };
    static constexpr std::size_t arity = 4;

    static std::size_t parent(std::size_t index) noexcept { return (index - 1) / arity; }
    static bool before(const slot& a, const slot& b) noexcept {
        return a.at < b.at || (a.at == b.at && a.node->rank < b.node->rank);
    }
    void place(std::size_t index, slot s) noexcept {
        slots_[index] = s;
        s.node->position = static_cast<std::uint32_t>(index + 1);
    }
    void sift_up(std::size_t index) noexcept {
        const slot moving = slots_[index];
        for (; index != 0 && before(moving, slots_[parent(index)]); index = parent(index))
            place(index, slots_[parent(index)]);
        place(index, moving);
    }
    void sift_down(std::size_t index) noexcept {
        const slot moving = slots_[index];
        for (std::size_t first = index * arity + 1; first < slots_.size(); first = index * arity + 1) {
            std::size_t best = first;
            for (std::size_t i = first + 1; i < first + arity && i < slots_.size(); ++i)
                if (before(slots_[i], slots_[best]))
                    best = i;
            if (!before(slots_[best], moving))
                break;
            place(index, slots_[best]);
            index = best;
        }
        place(index, moving);
    }

    std::vector<slot> slots_;
};

} // namespace detail
} // namespace colock
