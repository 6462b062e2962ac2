#pragma once

#include "random.hpp"

#include <cstdint>

namespace contention {

/// Ranks 0 … n-1, rank r with a probability proportional to 1 / (r + 1)^theta. Drawn in constant time without
/// tables, by the rejection-inversion of W. Hörmann and G. Derflinger, "Rejection-inversion to generate
/// variates from monotone discrete distributions", ACM TOMACS 6 (1996).
class zipf_distribution {
public:
    /// \pre n >= 1, theta >= 0 (zero: uniform)
    zipf_distribution(std::uint64_t n, double theta) noexcept;

    [[nodiscard]] std::uint64_t operator()(random_source& random) const noexcept;

private:
    [[nodiscard]] double weight(double x) const noexcept;   // x^-theta
    [[nodiscard]] double integral(double x) const noexcept; // of weight
    [[nodiscard]] double inverse_integral(double y) const noexcept;

    std::uint64_t n_;
    double theta_;
    double upper_; // where the inverse is drawn from: between these two
    double lower_;
    double sure_; // points this near above their rank need no further test
};

} // namespace contention
