#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <utility>

namespace seat_service {

/// How long the waits of the last ten seconds were. Adding is thread-safe; the rest is for one thread.
class wait_statistics {
public:
    void add(std::chrono::nanoseconds wait) noexcept {
        now_[bucket_of(std::chrono::duration<double, std::milli>(wait).count())].fetch_add(
            1, std::memory_order_relaxed);
    }

    /// Call it once a second.
    void next_second() {
        oldest_ = (oldest_ + 1) % seconds_.size();
        for (std::size_t i = 0; i < buckets; ++i)
            seconds_[oldest_][i] = now_[i].exchange(0, std::memory_order_relaxed);
    }

    /// The 50th and the 99th percentile, in milliseconds, to within a tenth; zero without waits.
    [[nodiscard]] std::pair<double, double> percentiles() const {
        std::array<std::uint64_t, buckets> sums{};
        std::uint64_t all = 0;
        for (const auto& second : seconds_)
            for (std::size_t i = 0; i < buckets; ++i) {
                sums[i] += second[i];
                all += second[i];
            }
        return {percentile(sums, all, 0.5), percentile(sums, all, 0.99)};
    }

private:
    // Bucket i ends at 0.01 ms · 1.1^i; the last is for all beyond some 3 hours.
    static constexpr std::size_t buckets = 220;
    static constexpr double first = 0.01;
    static constexpr double growth = 1.1;

    static std::size_t bucket_of(double ms) noexcept {
        if (ms <= first)
            return 0;
        const double index = std::ceil(std::log(ms / first) / std::log(growth));
        return static_cast<std::size_t>(std::min(index, static_cast<double>(buckets - 1)));
    }

    static double percentile(const std::array<std::uint64_t, buckets>& sums, std::uint64_t all,
                             double share) {
        if (all == 0)
            return 0;
        auto rank = static_cast<std::uint64_t>(std::ceil(static_cast<double>(all) * share));
        std::size_t i = 0;
        while (rank > sums[i])
            rank -= sums[i++];
        return first * std::pow(growth, static_cast<double>(i));
    }

    std::array<std::atomic<std::uint64_t>, buckets> now_{};
    std::array<std::array<std::uint64_t, buckets>, 10> seconds_{};
    std::size_t oldest_ = 0;
};

} // namespace seat_service
