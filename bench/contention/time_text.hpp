#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace contention {

using std::chrono::nanoseconds;

/// A span as people write it: `50us`, `1.5ms`, `2s`, also `ns`, `min` and `h`; zero needs no unit.
/// \throws std::invalid_argument says what is wrong with it
[[nodiscard]] nanoseconds parse_span(std::string_view text);

/// The same the other way round, and exact: `50us`, `1500us`, `2s`. The largest value is `forever`.
[[nodiscard]] std::string to_text(nanoseconds span);

/// For people: three digits, `1.25 ms`.
[[nodiscard]] std::string rounded(double nanoseconds);

} // namespace contention
