#pragma once

#include <colock/conformance.hpp>

namespace colock::conformance {

[[nodiscard]] std::span<const test_case> key_cases();
[[nodiscard]] std::span<const test_case> owner_cases();
[[nodiscard]] std::span<const test_case> release_cases();
[[nodiscard]] std::span<const test_case> waiting_cases();
[[nodiscard]] std::span<const test_case> cancellation_cases();
[[nodiscard]] std::span<const test_case> shared_cases();
[[nodiscard]] std::span<const test_case> lease_cases();
[[nodiscard]] std::span<const test_case> execute_cases();
[[nodiscard]] std::span<const test_case> execute_failure_cases();
[[nodiscard]] std::span<const test_case> token_cases();
[[nodiscard]] std::span<const test_case> lifetime_cases();
[[nodiscard]] std::span<const test_case> thread_cases();
[[nodiscard]] std::span<const test_case> insight_cases();
[[nodiscard]] std::span<const test_case> instance_cases();

} // namespace colock::conformance
