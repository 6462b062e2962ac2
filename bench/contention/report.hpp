#pragma once

#include "grant_log.hpp"
#include "histogram.hpp"
#include "settings.hpp"

#include <colock/provider.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

namespace contention {

/// What a run has measured and found. Numbers are of the measured window, without the warm-up, but for the
/// invariants and the provider's own statistics, which are of the whole run.
struct report {
    settings what;
    double seconds = 0;           ///< length of the window
    std::uint64_t operations = 0; ///< granted and released
    std::uint64_t timeouts = 0;   ///< calls that reached their wait limit
    std::uint64_t refusals = 0;   ///< calls refused at once: held and not to wait, or the queue was full
    summary wait;                 ///< from the call to the grant
    summary hold;                 ///< from the grant until the release was done
    summary hand_off;             ///< from a release to the resumption of who had waited for it
    summary hand_off_across;      ///< those from one process to another
    double jain = 1;              ///< of the operations of each coroutine
    double jain_processes = 1;    ///< of each process
    std::uint64_t inversions = 0; ///< grants while an earlier call for the same key waited
    std::uint64_t unfinished = 0; ///< calls that still waited when the window ended
    nanoseconds longest_unfinished{};

    std::uint64_t grants = 0; ///< those that were checked
    std::uint64_t overlaps = 0;
    std::uint64_t token_regressions = 0;
    std::string first_breach; ///< of an invariant; empty: none
    std::string failure;      ///< what ended the run before its time; empty: nothing
    bool interrupted = false; ///< by a signal
    unsigned cores = 0;       ///< of the machine
    colock::provider_statistics statistics;
    grant_log log; ///< of one of several processes

    [[nodiscard]] double throughput() const noexcept {
        return seconds > 0 ? static_cast<double>(operations) / seconds : 0;
    }
    [[nodiscard]] double inversion_share() const noexcept {
        return std::min(1.0, static_cast<double>(inversions) /
                                 static_cast<double>(std::max<std::uint64_t>(operations, 1)));
    }

    /// 0: all went well; 1: an invariant broke; 3: the run failed.
    [[nodiscard]] int exit_code() const noexcept {
        return !first_breach.empty() ? 1 : !failure.empty() ? 3 : 0;
    }
};

/// For people.
[[nodiscard]] std::string to_table(const report& result);

/// For programs: one JSON object on one line.
[[nodiscard]] std::string to_json(const report& result);

} // namespace contention
