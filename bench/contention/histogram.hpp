#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace contention {

/// What is reported of a histogram. All times in nanoseconds; all zero when nothing was recorded.
struct summary {
    std::uint64_t count = 0;
    double mean = 0;
    std::uint64_t p50 = 0;
    std::uint64_t p90 = 0;
    std::uint64_t p99 = 0;
    std::uint64_t p99_9 = 0;
    std::uint64_t max = 0;
};

/// Counts of durations in buckets whose width grows with the value, as in HdrHistogram: 128 of them to each
/// doubling, so that a percentile is within 0.4 % of the true one. Exact below 256 ns; the maximum and the
/// mean are exact throughout. Recording is one increment, and histograms of several threads are merged
/// afterwards.
class histogram {
public:
    /// `value` in nanoseconds; negative ones count as zero.
    void record(std::int64_t value) noexcept {
        const auto v = value < 0 ? 0 : static_cast<std::uint64_t>(value);
        ++counts_[index_of(v)];
        ++count_;
        sum_ += static_cast<double>(v);
        max_ = v > max_ ? v : max_;
    }

    void merge(const histogram& other) noexcept;

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    /// The value that `fraction` of the recorded ones do not exceed; zero when there are none.
    [[nodiscard]] std::uint64_t percentile(double fraction) const noexcept;

    [[nodiscard]] summary summarize() const noexcept;

private:
    static constexpr unsigned precision = 7;                                     // 2^7 buckets a doubling
    static constexpr std::uint64_t largest = (std::uint64_t(1) << 48) - 1;       // three days
    static constexpr std::size_t buckets = (std::size_t(40) << precision) + 256; // of values up to `largest`

    static std::size_t index_of(std::uint64_t value) noexcept {
        const std::uint64_t v = value < largest ? value : largest;
        const auto width = static_cast<unsigned>(std::bit_width(v));
        const unsigned shift = width > precision + 1 ? width - precision - 1 : 0;
        return (std::size_t(shift) << precision) + static_cast<std::size_t>(v >> shift);
    }
    static std::uint64_t middle_of(std::size_t index) noexcept;

    std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(buckets);
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
    double sum_ = 0;
};

} // namespace contention
