#pragma once

#include "settings.hpp"
#include "zipf.hpp"

#include <cstddef>
#include <vector>

namespace contention {

/// Draws the keys of a call, by number. Thread-safe: the state is in the random source.
class key_chooser {
public:
    explicit key_chooser(const settings& what) noexcept;

    /// Fills `to` with as many different keys as it has places.
    void choose(random_source& random, std::vector<std::size_t>& to) const;

private:
    [[nodiscard]] std::size_t one(random_source& random) const;

    key_distribution distribution_;
    std::uint64_t keys_;
    zipf_distribution zipf_;
};

} // namespace contention
