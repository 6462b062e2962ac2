#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace seat_service {

/// How fast one connection may send. A second's worth may come at once.
class token_bucket {
public:
    using clock = std::chrono::steady_clock;
    enum class verdict { pass, refuse, flood };

    token_bucket(std::size_t per_second, clock::time_point now)
        : rate_(static_cast<double>(per_second)), tokens_(rate_), at_(now) {}

    /// Counts one message. `refuse`: it is over the rate. `flood`: so are those of the last seconds, by far,
    /// and the answers that say so did not help.
    verdict take(clock::time_point now) {
        const double passed = std::chrono::duration<double>(now - at_).count() * rate_;
        at_ = now;
        tokens_ = std::min(rate_, tokens_ + passed);
        refused_ = std::max(0.0, refused_ - passed);
        if (tokens_ >= 1) {
            tokens_ -= 1;
            return verdict::pass;
        }
        refused_ += 1;
        return refused_ > 4 * rate_ + 16 ? verdict::flood : verdict::refuse;
    }

private:
    double rate_;
    double tokens_;
    double refused_ = 0; // of late
    clock::time_point at_;
};

} // namespace seat_service
