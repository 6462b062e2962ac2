#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>

#if defined(__has_feature)
#define COLOCK_HAS_FEATURE(x) __has_feature(x)
#else
#define COLOCK_HAS_FEATURE(x) 0
#endif

namespace colock_test {

#if defined(__SANITIZE_ADDRESS__) || COLOCK_HAS_FEATURE(address_sanitizer)
inline constexpr bool sanitized = true;
#elif defined(__SANITIZE_THREAD__) || COLOCK_HAS_FEATURE(thread_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

inline std::optional<std::uint64_t> environment_number(const char* name) {
    const char* text = std::getenv(name);
    return text ? std::optional<std::uint64_t>(std::stoull(text)) : std::nullopt;
}

/// Random choices that are the same on every platform (the standard's distributions are not).
class random_source {
public:
    explicit random_source(std::uint64_t seed) : engine_(seed) {}

    /// 0 … n-1
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }
    bool percent(std::size_t chance) { return below(100) < chance; }

    template<class Container>
    auto& one_of(Container& from) {
        return from[below(from.size())];
    }

private:
    std::mt19937_64 engine_;
};

} // namespace colock_test
