#include "metrics.hpp"

#include "heap.hpp"

#include "request.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace seat_service {
namespace {

prometheus::Family<prometheus::Counter>& counters(prometheus::Registry& all, const char* name,
                                                  const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(all);
}

prometheus::Gauge& gauge(prometheus::Registry& all, const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(all).Add({});
}

prometheus::Histogram& seconds(prometheus::Registry& all, const char* name, const char* help) {
    const prometheus::Histogram::BucketBoundaries bounds{0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1,
                                                         0.5,    1,      5,     10,    30,   60,   600};
    return prometheus::BuildHistogram().Name(name).Help(help).Register(all).Add({}, bounds);
}

double in_seconds(colock::duration span) {
    return std::chrono::duration<double>(span).count();
}

} // namespace

struct metrics::series {
    prometheus::Registry all;

    prometheus::Counter& granted =
        counters(all, "seat_service_lock_acquisitions_total", "Keys that were granted.").Add({});
    prometheus::Counter& contended =
        counters(all, "seat_service_lock_contended_total", "Keys that were granted after a wait.").Add({});
    prometheus::Counter& refused = counters(all, "seat_service_lock_refused_total",
                                            "Calls that were not to wait, or found the queue full.")
                                       .Add({});
    prometheus::Counter& timed_out =
        counters(all, "seat_service_lock_timeouts_total", "Waits for a key that ended by their limit.")
            .Add({});
    prometheus::Counter& given_up =
        counters(all, "seat_service_lock_cancelled_total", "Waits for a key that were given up.").Add({});
    prometheus::Counter& expired =
        counters(all, "seat_service_lock_expired_total", "Keys whose lock expired.").Add({});
    prometheus::Counter& lost_leases =
        counters(all, "seat_service_lost_leases_total", "Locks and jobs that lost a lock they needed.")
            .Add({});
    prometheus::Histogram& waits =
        seconds(all, "seat_service_lock_wait_seconds", "How long granted keys had been waited for.");
    prometheus::Histogram& holds = seconds(all, "seat_service_lock_hold_seconds", "How long keys were held.");
    prometheus::Gauge& held = gauge(all, "seat_service_locks_held", "Keys that are held or promised.");
    prometheus::Gauge& named = gauge(all, "seat_service_client_locks", "Locks that clients know by name.");
    prometheus::Gauge& queue =
        gauge(all, "seat_service_lock_queue_depth", "Places in the queues of all keys.");

    prometheus::Gauge& connections = gauge(all, "seat_service_connections", "WebSockets that are open.");
    prometheus::Counter& opened =
        counters(all, "seat_service_connections_total", "WebSockets that were opened.").Add({});
    prometheus::Family<prometheus::Counter>& requests =
        counters(all, "seat_service_requests_total", "Requests by operation and outcome.");

    prometheus::Counter& sales =
        counters(all, "seat_service_sales_total", "Seats that were sold, those given back later included.")
            .Add({});
    prometheus::Gauge& sold = gauge(all, "seat_service_seats_sold", "Seats that are sold now.");
    prometheus::Gauge& heap =
        gauge(all, "seat_service_heap_in_use_bytes", "What the program has from the allocator.");
    prometheus::Gauge& conflicts =
        gauge(all, "seat_service_conflicts", "Writes that found a seat changed since they looked.");

    /// By operation and outcome, made when first needed.
    std::array<std::array<std::atomic<prometheus::Counter*>, fault_count>, std::size(operation_names) + 1>
        by_outcome{};
};

metrics::metrics() : series_(std::make_unique<series>()) {}
metrics::~metrics() = default;

void metrics::count(const colock::lock_event& event) {
    series& s = *series_;
    using kind = colock::lock_event_kind;
    switch (event.kind) {
    case kind::granted:
        s.granted.Increment();
        ++acquired_;
        s.waits.Observe(in_seconds(event.elapsed));
        if (event.elapsed > colock::duration::zero()) {
            s.contended.Increment();
            waits.add(event.elapsed);
        }
        break;
    case kind::refused:
        s.refused.Increment();
        break;
    case kind::timed_out:
        s.timed_out.Increment();
        break;
    case kind::cancelled:
        s.given_up.Increment();
        break;
    case kind::expired:
        s.expired.Increment();
        [[fallthrough]];
    case kind::released:
    case kind::revoked:
        s.holds.Observe(in_seconds(event.elapsed));
        break;
    case kind::renewed:
    case kind::queued:
        break;
    }
}

void metrics::count_request(std::size_t operation, fault outcome) {
    auto& known = series_->by_outcome[operation][static_cast<std::size_t>(outcome)];
    prometheus::Counter* counter = known;
    if (!counter) {
        const std::string name(operation < std::size(operation_names) ? operation_names[operation] : "none");
        counter = &series_->requests.Add({{"op", name}, {"outcome", std::string(to_string(outcome))}});
        known = counter;
    }
    counter->Increment();
}

void metrics::count_lost_lease() {
    series_->lost_leases.Increment();
}

void metrics::count_sale(std::size_t seats) {
    series_->sales.Increment(static_cast<double>(seats));
    ++reserved_;
}

void metrics::connection_opened() {
    series_->connections.Increment();
    series_->opened.Increment();
}

void metrics::connection_closed() {
    series_->connections.Decrement();
}

std::string metrics::text(const gauges& now) {
    series& s = *series_;
    s.held.Set(static_cast<double>(now.locks.held));
    s.queue.Set(static_cast<double>(now.locks.waiting));
    s.named.Set(static_cast<double>(now.named_locks));
    s.sold.Set(static_cast<double>(now.seats_sold));
    s.heap.Set(static_cast<double>(heap_in_use()));
    s.conflicts.Set(static_cast<double>(now.conflicts));
    return prometheus::TextSerializer().Serialize(s.all.Collect());
}

} // namespace seat_service
