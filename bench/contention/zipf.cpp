#include "zipf.hpp"

#include <algorithm>
#include <cmath>

namespace contention {
namespace {

// log(1 + x) / x and (exp(x) - 1) / x, also where x is next to nothing: theta next to one.
double log1p_over(double x) noexcept {
    return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x / 2;
}
double expm1_over(double x) noexcept {
    return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x / 2;
}

} // namespace

zipf_distribution::zipf_distribution(std::uint64_t n, double theta) noexcept
    : n_(n), theta_(theta), upper_(integral(static_cast<double>(n) + 0.5)), lower_(integral(1.5) - 1),
      sure_(2 - inverse_integral(integral(2.5) - weight(2))) {}

std::uint64_t zipf_distribution::operator()(random_source& random) const noexcept {
    for (;;) {
        const double y = upper_ + random.unit() * (lower_ - upper_);
        const double x = inverse_integral(y);
        const double k = std::clamp(std::floor(x + 0.5), 1.0, static_cast<double>(n_));
        if (k - x <= sure_ || y >= integral(k + 0.5) - weight(k))
            return static_cast<std::uint64_t>(k) - 1;
    }
}

double zipf_distribution::weight(double x) const noexcept {
    return std::exp(-theta_ * std::log(x));
}

double zipf_distribution::integral(double x) const noexcept {
    const double log_x = std::log(x);
    return expm1_over((1 - theta_) * log_x) * log_x;
}

double zipf_distribution::inverse_integral(double y) const noexcept {
    const double t = std::max(-1.0, y * (1 - theta_)); // rounding may go below
    return std::exp(log1p_over(t) * y);
}

} // namespace contention
