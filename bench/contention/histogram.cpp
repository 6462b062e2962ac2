#include "histogram.hpp"

#include <algorithm>
#include <cmath>

namespace contention {

void histogram::merge(const histogram& other) noexcept {
    for (std::size_t i = 0; i < buckets; ++i)
        counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
}

std::uint64_t histogram::middle_of(std::size_t index) noexcept {
    if (index < (std::size_t(2) << precision))
        return index;
    const std::size_t shift = (index >> precision) - 1;
    const std::uint64_t first = static_cast<std::uint64_t>(index - (shift << precision)) << shift;
    return first + (std::uint64_t(1) << shift) / 2;
}

std::uint64_t histogram::percentile(double fraction) const noexcept {
    if (count_ == 0)
        return 0;
    const auto exact = std::ceil(fraction * static_cast<double>(count_));
    const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(exact), 1, count_);
    std::uint64_t passed = 0;
    for (std::size_t i = 0; i < buckets; ++i) {
        passed += counts_[i];
        if (passed >= rank)
            return std::min(middle_of(i), max_);
    }
    return max_;
}

summary histogram::summarize() const noexcept {
    if (count_ == 0)
        return {};
    return {.count = count_,
            .mean = sum_ / static_cast<double>(count_),
            .p50 = percentile(0.5),
            .p90 = percentile(0.9),
            .p99 = percentile(0.99),
            .p99_9 = percentile(0.999),
            .max = max_};
}

} // namespace contention
