#pragma once

#include "grant_log.hpp"
#include "histogram.hpp"

#include <string>
#include <string_view>

namespace contention {

/// What the grants of several processes tell when they are put into the order of their tokens, which is the
/// order in which they were granted.
struct cross_findings {
    std::uint64_t overlaps = 0;          ///< granted before an earlier holder, which excludes it, released
    std::uint64_t token_regressions = 0; ///< granted after one that has a greater token
    std::string first_breach;            ///< empty: none
    std::uint64_t inversions = 0;        ///< calls granted before one that excludes them and had come earlier
    histogram hand_off;
    histogram hand_off_across; ///< those from one process to another
    histogram wait;
    histogram hold;
    std::vector<std::uint64_t> shares;         ///< operations of each coroutine of each process
    std::vector<std::uint64_t> process_shares; ///< of each process
};

/// Calls made within this time of each other have no order: they reach the backend in any.
inline constexpr moment order_slack = 1'000'000;

/// \pre each process has so many coroutines
[[nodiscard]] cross_findings check_across(const std::vector<grant_log>& processes, std::uint64_t coroutines,
                                          std::string_view key_prefix);

} // namespace contention
