#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace seat_service {

// The theatre: rows A to H, seats 1 to 12 in each.
inline constexpr std::size_t row_count = 8;
inline constexpr std::size_t column_count = 12;
inline constexpr std::size_t seat_count = row_count * column_count;

/// "A1" for 0, "A2" for 1, and so on.
[[nodiscard]] inline std::string seat_name(std::size_t number) {
    return static_cast<char>('A' + number / column_count) + std::to_string(number % column_count + 1);
}

/// The key of a seat's lock.
[[nodiscard]] inline std::string seat_key(std::size_t number) {
    return "seat/" + seat_name(number);
}

/// The number of a seat; none if there is no seat of that name.
[[nodiscard]] inline std::optional<std::size_t> seat_number(std::string_view name) {
    if (name.size() < 2 || name.size() > 3 || name[0] < 'A' ||
        name[0] >= 'A' + static_cast<char>(row_count) || name[1] == '0')
        return std::nullopt;
    std::size_t column = 0;
    for (const char digit : name.substr(1)) {
        if (digit < '0' || digit > '9')
            return std::nullopt;
        column = column * 10 + static_cast<std::size_t>(digit - '0');
    }
    if (column > column_count)
        return std::nullopt;
    return static_cast<std::size_t>(name[0] - 'A') * column_count + column - 1;
}

} // namespace seat_service
