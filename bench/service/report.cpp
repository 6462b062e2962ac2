#include "report.hpp"

#include "number_text.hpp"
#include "time_text.hpp"

#include <boost/json/serialize.hpp>

#include <cstdarg>
#include <cstdio>

namespace service_load {
namespace {

namespace json = boost::json;
using contention::grouped;
using contention::rounded;

[[gnu::format(printf, 1, 2)]] std::string format(const char* how, ...) {
    char text[256];
    std::va_list values;
    va_start(values, how);
    std::vsnprintf(text, sizeof text, how, values);
    va_end(values);
    return text;
}

std::string row(const char* name, const contention::histogram& of) {
    const contention::summary s = of.summarize();
    std::string text = format("%-14s %11s", name, grouped(s.count).c_str());
    for (const std::uint64_t value : {s.p50, s.p90, s.p99, s.p99_9, s.max})
        text += format(" %9s", rounded(static_cast<double>(value)).c_str());
    return text + '\n';
}

json::object latencies(const contention::histogram& of) {
    const contention::summary s = of.summarize();
    return {{"count", s.count}, {"mean", s.mean},   {"p50", s.p50}, {"p90", s.p90},
            {"p99", s.p99},     {"p99_9", s.p99_9}, {"max", s.max}};
}

double cpu_per_request(const report& r) {
    const auto requests = static_cast<double>(r.counts.all.count());
    return requests > 0 ? static_cast<double>(r.server_cpu->count()) / requests : 0;
}

} // namespace

std::string to_table(const report& r) {
    const tally& counts = r.counts;
    std::string text =
        format("%zu connections, %zu seats, %zu thread%s, warm-up %s, seed %llu\n\n", r.what.connections,
               r.what.seats, r.what.threads, r.what.threads == 1 ? "" : "s",
               contention::to_text(r.what.warm_up).c_str(), static_cast<unsigned long long>(r.what.seed));
    text += format("requests       %s/s: %s in %.3f s\n",
                   grouped(static_cast<std::uint64_t>(r.per_second(counts.all.count()))).c_str(),
                   grouped(counts.all.count()).c_str(), r.seconds);
    text += format("reservations   %s/s, and %s that found the seat sold\n",
                   grouped(static_cast<std::uint64_t>(r.per_second(counts.reserve.count()))).c_str(),
                   grouped(counts.sold).c_str());
    if (r.server_cpu)
        text += format("server CPU     %s for each request\n", rounded(cpu_per_request(r)).c_str());
    text +=
        format("\n%-14s %11s %9s %9s %9s %9s %9s\n", "latency", "count", "p50", "p90", "p99", "p99.9", "max");
    text +=
        row("all requests", counts.all) + row("reserve", counts.reserve) + row("give_back", counts.give_back);
    text += '\n';
    for (const auto& [code, count] : counts.errors)
        text += format("error          %s: %s\n", code.c_str(), grouped(count).c_str());
    text += counts.double_bookings == 0
                ? format("invariant      held: none of %s seats was sold twice\n",
                         grouped(counts.checked).c_str())
                : format("invariant      BROKEN %s times in %s: ", grouped(counts.double_bookings).c_str(),
                         grouped(counts.checked).c_str()) +
                      counts.first_breach + '\n';
    if (!r.failure.empty())
        text += "FAILED         " + r.failure + '\n';
    return text;
}

std::string to_json(const report& r) {
    const tally& counts = r.counts;
    json::object errors;
    for (const auto& [code, count] : counts.errors)
        errors[code] = count;
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? json::value(nullptr) : json::value(text);
    };
    const json::object object{
        {"program", "colock service_load"},
        {"options",
         {{"connections", r.what.connections},
          {"seats", r.what.seats},
          {"threads", r.what.threads},
          {"warm_up", contention::to_text(r.what.warm_up)},
          {"duration", contention::to_text(r.what.duration)},
          {"seed", r.what.seed}}},
        {"seconds", r.seconds},
        {"requests", counts.all.count()},
        {"requests_per_second", r.per_second(counts.all.count())},
        {"reservations_per_second", r.per_second(counts.reserve.count())},
        {"found_sold", counts.sold},
        {"errors", errors},
        {"request_ns", latencies(counts.all)},
        {"reserve_ns", latencies(counts.reserve)},
        {"give_back_ns", latencies(counts.give_back)},
        {"server_cpu_ns_per_request", r.server_cpu ? json::value(cpu_per_request(r)) : json::value(nullptr)},
        {"seats_checked", counts.checked},
        {"double_bookings", counts.double_bookings},
        {"first_double_booking", text_or_null(counts.first_breach)},
        {"failure", text_or_null(r.failure)}};
    return json::serialize(object);
}

} // namespace service_load
