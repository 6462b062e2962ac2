#include "report.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace contention {
namespace {

namespace json = boost::json;

json::object options(const settings& s) {
    return {{"provider", without_secrets(s.provider)},
            {"operation", to_text(s.how)},
            {"wait", to_text(s.wait)},
            {"expire", to_text(s.expire)},
            {"keys", s.keys},
            {"key_prefix", s.key_prefix},
            {"distribution", to_text(s.distribution)},
            {"zipf_theta", s.zipf_theta},
            {"keys_per_call", s.keys_per_call},
            {"shared", s.shared},
            {"processes", s.processes},
            {"coroutines", s.coroutines},
            {"threads", s.threads},
            {"contexts", to_text(s.io)},
            {"hold", s.hold.text()},
            {"think", s.think.text()},
            {"warm_up", to_text(s.warm_up)},
            {"duration", to_text(s.duration)},
            {"operations", s.operations},
            {"seed", s.seed}};
}

json::object latencies(const summary& of) {
    return {{"count", of.count}, {"mean", of.mean},   {"p50", of.p50}, {"p90", of.p90},
            {"p99", of.p99},     {"p99_9", of.p99_9}, {"max", of.max}};
}

json::object statistics(const colock::provider_statistics& of) {
    return {{"granted", of.granted},     {"queued", of.queued},       {"refused", of.refused},
            {"timed_out", of.timed_out}, {"cancelled", of.cancelled}, {"released", of.released},
            {"expired", of.expired},     {"revoked", of.revoked},     {"held", of.held},
            {"waiting", of.waiting}};
}

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

} // namespace

std::string to_json(const report& r) {
    const json::object object{
        {"program", "colock contention"},
        {"version", COLOCK_VERSION},
        {"options", options(r.what)},
        {"cores", r.cores},
        {"seconds", r.seconds},
        {"operations", r.operations},
        {"throughput", r.throughput()},
        {"timeouts", r.timeouts},
        {"refusals", r.refusals},
        {"wait_ns", latencies(r.wait)},
        {"hold_ns", latencies(r.hold)},
        {"hand_off_ns", latencies(r.hand_off)},
        {"hand_off_across_ns", latencies(r.hand_off_across)},
        {"fairness",
         {{"jain", r.jain},
          {"jain_processes", r.jain_processes},
          {"inversions", r.inversions},
          {"inversion_share", r.inversion_share()}}},
        {"unfinished", {{"count", r.unfinished}, {"longest_ns", r.longest_unfinished.count()}}},
        {"invariants",
         {{"grants_checked", r.grants},
          {"overlaps", r.overlaps},
          {"token_regressions", r.token_regressions},
          {"first", text_or_null(r.first_breach)}}},
        {"interrupted", r.interrupted},
        {"failure", text_or_null(r.failure)},
        {"provider_statistics", statistics(r.statistics)}};
    return json::serialize(object);
}

} // namespace contention
