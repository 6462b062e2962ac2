#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace seat_service {

/// Why a request failed: the codes of PROTOCOL.md.
enum class fault : std::uint8_t {
    none, ///< "ok", in metrics
    bad_request,
    duplicate_id,
    unknown_operation,
    permission_denied,
    too_many_requests,
    too_many_locks,
    too_many_waits,
    invalid_argument,
    already_locked,
    timed_out,
    too_many_waiters,
    lease_lost,
    closed,
    provider_unavailable,
    cancelled,
    sold,
    not_yours,
    stale_token,
    internal,
};
inline constexpr std::size_t fault_count = static_cast<std::size_t>(fault::internal) + 1;

[[nodiscard]] std::string_view to_string(fault f) noexcept;

/// A request that failed, as its client is told.
struct failure : std::runtime_error {
    failure(fault code, const std::string& message, std::vector<std::string> keys = {})
        : std::runtime_error(message), why(code), about(std::move(keys)) {}

    fault why;
    std::vector<std::string> about; ///< keys
};

/// The failure that the exception in flight amounts to. Call it in a handler.
[[nodiscard]] failure current_failure();

} // namespace seat_service
