#pragma once

#include <cstddef>
#include <string_view>

namespace colock::redis {

/// One operation in Lua; the text is a file in src/redis/scripts.
struct script {
    std::string_view name;
    std::string_view sha;
    std::string_view text;
};

enum class script_id : unsigned char { acquire, leave, release, extend, tick, release_all, list };
inline constexpr std::size_t script_count = 7;

extern const script scripts[script_count];

[[nodiscard]] inline const script& get(script_id id) noexcept {
    return scripts[static_cast<std::size_t>(id)];
}

} // namespace colock::redis
