#include <colock/lease.hpp>

#include <algorithm>

namespace colock {

duration lease::remaining() const noexcept {
    if (lost())
        return duration::zero();
    const time_point end = std::min(deadline_, held_.valid_until());
    return end == never ? forever : std::max(end - clock_.now(), duration::zero());
}

} // namespace colock
