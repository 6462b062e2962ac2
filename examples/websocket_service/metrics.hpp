#pragma once

#include "fault.hpp"
#include "wait_statistics.hpp"

#include <colock/observer.hpp>
#include <colock/provider.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace seat_service {

/// What is counted, for Prometheus and for those who watch. Thread-safe.
class metrics {
public:
    metrics();
    ~metrics();
    metrics(const metrics&) = delete;
    metrics& operator=(const metrics&) = delete;

    void count(const colock::lock_event& event);
    void count_request(std::size_t operation, fault outcome); ///< operation: its index in operation_names
    void count_lost_lease();
    void count_sale(std::size_t seats);
    void connection_opened();
    void connection_closed();

    /// What has no counter of its own.
    struct gauges {
        colock::provider_statistics locks;
        std::size_t named_locks = 0;
        std::size_t seats_sold = 0;
        std::uint64_t conflicts = 0;
    };
    /// All of it in Prometheus' text format.
    [[nodiscard]] std::string text(const gauges& now);

    /// For the events `stats`.
    [[nodiscard]] std::uint64_t acquired() const noexcept { return acquired_; }
    [[nodiscard]] std::uint64_t reserved() const noexcept { return reserved_; }
    wait_statistics waits;

private:
    struct series;
    const std::unique_ptr<series> series_;
    std::atomic<std::uint64_t> acquired_{0};
    std::atomic<std::uint64_t> reserved_{0};
};

/// The media type of metrics::text().
inline constexpr const char* metrics_media_type = "text/plain; version=0.0.4; charset=utf-8";

} // namespace seat_service
