#include "time_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <stdexcept>

namespace contention {
namespace {

struct unit {
    std::string_view name;
    std::int64_t nanoseconds;
};
constexpr std::array<unit, 7> units{{{"ns", 1},
                                     {"us", 1000},
                                     {"µs", 1000},
                                     {"ms", 1000'000},
                                     {"s", 1000'000'000},
                                     {"min", 60'000'000'000},
                                     {"h", 3600'000'000'000}}};

[[noreturn]] void refuse(std::string_view text, const char* why) {
    throw std::invalid_argument('"' + std::string(text) + "\" " + why);
}

} // namespace

nanoseconds parse_span(std::string_view text) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || !std::isfinite(number))
        refuse(text, "is not a duration such as 50us, 1.5ms or 2s");
    if (number < 0)
        refuse(text, "is negative");
    const std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
    if (name.empty() && number == 0)
        return nanoseconds::zero();
    for (const unit& u : units) {
        if (u.name != name)
            continue;
        const double span = std::round(number * static_cast<double>(u.nanoseconds));
        if (span > 1e9 * 3600 * 24 * 365)
            refuse(text, "is longer than a year");
        if (span == 0 && number != 0)
            refuse(text, "is shorter than 1ns");
        return nanoseconds(static_cast<std::int64_t>(span));
    }
    refuse(text, name.empty() ? "has no unit; there are ns, us, ms, s, min and h"
                              : "has a unit that there is not; there are ns, us, ms, s, min and h");
}

std::string to_text(nanoseconds span) {
    if (span == nanoseconds::max())
        return "forever";
    if (span == nanoseconds::zero())
        return "0";
    for (const std::string_view name : {"s", "ms", "us"})
        for (const unit& u : units)
            if (u.name == name && span.count() % u.nanoseconds == 0)
                return std::to_string(span.count() / u.nanoseconds) + std::string(name);
    return std::to_string(span.count()) + "ns";
}

std::string rounded(double nanoseconds) {
    const char* name = "ns";
    double value = nanoseconds;
    for (const char* larger : {"us", "ms", "s"}) {
        if (value < 999.5)
            break;
        value /= 1000;
        name = larger;
    }
    const int decimals = std::string_view(name) == "ns" || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%.*f %s", decimals, value, name);
    return text.data();
}

} // namespace contention
