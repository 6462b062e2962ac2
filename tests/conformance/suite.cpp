#include "suite.hpp"

#include "scene.hpp"

#include <atomic>
#include <ostream>
#include <random>
#include <vector>

namespace colock::conformance {
namespace {

std::vector<test_case> all_cases() {
    std::vector<test_case> all;
    for (const auto part :
         {key_cases(), owner_cases(), release_cases(), waiting_cases(), cancellation_cases(), shared_cases(),
          lease_cases(), execute_cases(), execute_failure_cases(), token_cases(), lifetime_cases(),
          thread_cases(), insight_cases(), instance_cases()})
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

std::string new_space() {
    static const unsigned run = std::random_device{}();
    static std::atomic<unsigned> count{0};
    return "conformance-" + std::to_string(run) + '-' + std::to_string(++count);
}

} // namespace

std::span<const test_case> cases() {
    static const std::vector<test_case> all = all_cases();
    return all;
}

outcome run(const test_case& which, const subject& who) {
    if (which.needs.meets(who.lacks))
        return {result::skipped, {}};
    std::string failures;
    try {
        scene s(who, new_space());
        try {
            which.body(s);
            if (s.failures().empty())
                s.tear_down();
        } catch (const gave_up&) {
        } catch (const std::exception& e) {
            failures = std::string("unexpected: ") + e.what() + '\n';
        }
        failures = s.failures() + failures;
    } catch (const std::exception& e) {
        failures = std::string("unexpected: ") + e.what() + '\n';
    }
    return {failures.empty() ? result::passed : result::failed, std::move(failures)};
}

bool run_all(const subject& who, std::ostream& out, std::string_view prefix) {
    std::size_t count[3] = {};
    for (const auto& each : cases()) {
        if (!each.name.starts_with(prefix))
            continue;
        const outcome o = run(each, who);
        ++count[static_cast<std::size_t>(o.result)];
        constexpr std::string_view words[] = {"ok     ", "FAILED ", "skipped"};
        out << words[static_cast<std::size_t>(o.result)] << ' ' << each.name << '\n' << o.text << std::flush;
    }
    out << who.name << ": " << count[0] << " passed, " << count[1] << " failed, " << count[2] << " skipped\n";
    return count[1] == 0 && count[0] > 0;
}

} // namespace colock::conformance
