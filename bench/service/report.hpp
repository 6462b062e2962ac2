#pragma once

#include "settings.hpp"
#include "visitor.hpp"

namespace service_load {

struct report {
    settings what;
    tally counts;
    double seconds = 0;                    ///< length of the window
    std::optional<nanoseconds> server_cpu; ///< in the window
    std::string failure;                   ///< what ended the run before its time; empty: nothing

    [[nodiscard]] double per_second(std::uint64_t count) const noexcept {
        return seconds > 0 ? static_cast<double>(count) / seconds : 0;
    }
    [[nodiscard]] int exit_code() const noexcept {
        return counts.double_bookings != 0 ? 1 : !failure.empty() ? 3 : 0;
    }
};

/// For people.
[[nodiscard]] std::string to_table(const report& result);

/// For programs: one JSON object on one line.
[[nodiscard]] std::string to_json(const report& result);

} // namespace service_load
