#pragma once

#include <cstdint>
#include <span>

namespace contention {

/// Jain's index of what each got: (Σx)² / (n Σx²). One when all got the same (also when that is nothing), 1/n
/// when one got everything.
[[nodiscard]] inline double jain_index(std::span<const std::uint64_t> shares) noexcept {
    double sum = 0;
    double squares = 0;
    for (const std::uint64_t share : shares) {
        const auto x = static_cast<double>(share);
        sum += x;
        squares += x * x;
    }
    return squares == 0 ? 1 : sum * sum / (static_cast<double>(shares.size()) * squares);
}

} // namespace contention
