#include "number_text.hpp"
#include "report.hpp"

#include <array>
#include <cstdio>

namespace contention {
namespace {

template<class... Values>
std::string format(const char* how, Values... values) {
    std::array<char, 256> text{};
    std::snprintf(text.data(), text.size(), how, values...);
    return text.data();
}

std::string plural(std::uint64_t count, const char* what, const char* ending = "s") {
    return grouped(count) + ' ' + what + (count == 1 ? "" : ending);
}

std::string share(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? ""
                      : format(" (%.3g %%)", 100 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string what_was_run(const settings& s) {
    std::string text = to_text(s.how) + ", provider " + without_secrets(s.provider) + ", ";
    if (s.processes > 1)
        text += plural(s.processes, "process", "es") + ", in each ";
    text += plural(s.coroutines, "coroutine") + ", " + plural(s.threads, "thread");
    if (s.threads > 1)
        text += s.io == contexts::shared ? " of one io_context" : " with an io_context each";
    text += ", " + plural(s.keys, "key");
    if (s.distribution == key_distribution::zipf)
        text += format(" (zipf %g)", s.zipf_theta);
    if (s.keys_per_call > 1)
        text += ", " + std::to_string(s.keys_per_call) + " a call";
    if (s.shared > 0)
        text += format(", %g %% shared", 100 * s.shared);
    text += "\nhold " + s.hold.text() + ", think " + s.think.text() + ", wait limit " + to_text(s.wait) +
            ", warm-up " + to_text(s.warm_up) + ", seed " + std::to_string(s.seed);
    return text;
}

std::string row(const char* name, const summary& of) {
    if (of.count == 0)
        return format("%-10s %12s\n", name, "none");
    std::string text = format("%-10s %12s", name, grouped(of.count).c_str());
    for (const double value :
         {of.mean, static_cast<double>(of.p50), static_cast<double>(of.p90), static_cast<double>(of.p99),
          static_cast<double>(of.p99_9), static_cast<double>(of.max)})
        text += format(" %9s", rounded(value).c_str());
    return text + '\n';
}

std::string invariants(const report& r) {
    if (!r.first_breach.empty())
        return "BROKEN: " + r.first_breach + '\n' +
               format("%-12s %s of holders, %s that did not grow; the run was stopped\n", "",
                      plural(r.overlaps, "overlap").c_str(), plural(r.token_regressions, "token").c_str());
    return "held: no holders overlapped and tokens grew, in " + plural(r.grants, "grant") + '\n';
}

} // namespace

std::string to_table(const report& r) {
    std::string text = what_was_run(r.what) + format(", %u cores\n\n", r.cores);
    text +=
        format("%-12s %s/s: %s in %.3f s%s\n", "throughput",
               grouped(static_cast<std::uint64_t>(r.throughput())).c_str(),
               plural(r.operations, "operation").c_str(), r.seconds, r.interrupted ? ", interrupted" : "");
    text += format("\n%-10s %12s %9s %9s %9s %9s %9s %9s\n", "latency", "count", "mean", "p50", "p90", "p99",
                   "p99.9", "max");
    text += row("wait", r.wait) + row("hold", r.hold) + row("hand-off", r.hand_off);
    if (r.what.processes > 1)
        text += row("  across", r.hand_off_across);
    text += format("\n%-12s Jain %.4f among coroutines%s; granted out of order: %s%s\n", "fairness", r.jain,
                   r.what.processes > 1 ? format(", %.4f among processes", r.jain_processes).c_str() : "",
                   grouped(r.inversions).c_str(),
                   share(std::min(r.inversions, r.operations), r.operations).c_str());
    const std::uint64_t calls = r.operations + r.timeouts + r.refusals;
    text += format("%-12s %s%s", "timeouts", grouped(r.timeouts).c_str(), share(r.timeouts, calls).c_str());
    if (r.refusals != 0)
        text += "; refused at once: " + grouped(r.refusals) + share(r.refusals, calls);
    text += '\n';
    if (r.unfinished != 0)
        text += format("%-12s %s, the longest for %s\n", "still waited", plural(r.unfinished, "call").c_str(),
                       rounded(static_cast<double>(r.longest_unfinished.count())).c_str());
    text += format("%-12s ", "invariants") + invariants(r);
    if (!r.failure.empty())
        text += format("%-12s ", "FAILED") + r.failure + '\n';
    return text;
}

} // namespace contention
