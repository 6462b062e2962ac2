#pragma once

#include <bit>
#include <cstdint>

namespace contention {

/// Random numbers of one coroutine. What a run draws depends on its seed alone: not on the threads, and not
/// on the standard library, whose distributions differ. The engine is xoshiro256** of Blackman and Vigna,
/// seeded by splitmix64.
class random_source {
public:
    /// Different streams of one seed are independent of each other.
    random_source(std::uint64_t seed, std::uint64_t stream) noexcept {
        std::uint64_t state = mixed(seed) ^ (stream * golden);
        for (std::uint64_t& word : state_)
            word = mixed(state += golden);
    }

    /// Any 64 bits.
    [[nodiscard]] std::uint64_t next() noexcept {
        const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

    /// At least 0 and less than 1.
    [[nodiscard]] double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

    /// A whole number less than `bound`, which is at most 2^40 or so: the bias is bound / 2^53.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept {
        return static_cast<std::uint64_t>(unit() * static_cast<double>(bound));
    }

private:
    static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;

    static std::uint64_t mixed(std::uint64_t z) noexcept {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    std::uint64_t state_[4];
};

} // namespace contention
