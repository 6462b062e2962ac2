#include "helpers.hpp"
#include "ledger.hpp"
#include "scratch_file.hpp"
#include "visitor.hpp"

#include <csignal>

namespace abuse {
namespace {

constexpr unsigned processes = 5;
constexpr unsigned visitors_each = sanitized ? 40 : 100;
const auto storm_time = sanitized ? 5s : 10s;
const std::string timeout_ms = "1000";

/// Processes full of visitors who all want the same seat.
class storm {
public:
    explicit storm(const seat_server& server) : port_(server.port()) {
        for (unsigned i = 0; i < processes; ++i)
            start(i);
    }

    void start(unsigned which) {
        const std::uint64_t seed = stress_seed() + ++started_;
        children_[which].emplace(std::vector<std::string>{
            COLOCK_CROWD, "storm", std::to_string(port_), std::to_string(which * visitors_each),
            std::to_string(visitors_each), std::to_string(seed), ledger_.name()});
    }

    void signal(unsigned which, int number) { children_[which]->signal(number); }
    void kill(unsigned which) {
        signal(which, SIGKILL);
        BOOST_TEST(children_[which]->wait(10s).value_or(0) == -SIGKILL);
        ++killed_;
    }

    /// Ends those that are left, after the seat was given back.
    void end() {
        for (auto& child : children_)
            child->signal(SIGTERM);
        await_end();
    }

    void await_end() {
        for (auto& child : children_) {
            BOOST_TEST(child->wait(30s).value_or(-1) == 0);
            if (const auto line = child->read_line(1s))
                done_ += visits::parse(*line);
        }
    }

    [[nodiscard]] ledger_verdict verdict() const { return judge(ledger_.name()); }
    [[nodiscard]] const visits& done() const noexcept { return done_; }
    [[nodiscard]] unsigned killed() const noexcept { return killed_; }

private:
    scratch_file ledger_;
    std::uint16_t port_;
    std::optional<child_process> children_[processes];
    unsigned started_ = 0;
    unsigned killed_ = 0;
    visits done_; // of those that were not killed
};

std::string first_of(const std::vector<std::string>& breaches) {
    return breaches.empty() ? "" : std::to_string(breaches.size()) + " breaches, first: " + breaches.front();
}

/// Kills one process after another, some of them after they hung for a while, and replaces them.
void rage(storm& crowd, const seat_server& server) {
    colock_test::random_source random(stress_seed());
    const auto end = std::chrono::steady_clock::now() + storm_time;
    while (std::chrono::steady_clock::now() < end) {
        const auto which = static_cast<unsigned>(random.below(processes));
        const milliseconds pause(100 + random.below(500));
        const ledger_verdict before = crowd.verdict();
        const bool hangs = random.percent(30);
        if (hangs)
            crowd.signal(which, SIGSTOP);
        // Time passes: meanwhile others must get the seat. If one who hangs has bought it, they must be told
        // so.
        const auto others_are_served = [&](const auto&) {
            const ledger_verdict now = crowd.verdict();
            return now.sold > before.sold || (hangs && now.refused > before.refused + 2 * visitors_each);
        };
        BOOST_TEST(server.until(others_are_served, 30s).has_value());
        static_cast<void>(server.until([](const auto&) { return false; }, pause));
        crowd.kill(which);
        crowd.start(which);
    }
}

BOOST_AUTO_TEST_SUITE(storms)

BOOST_AUTO_TEST_CASE(hundreds_want_one_seat_and_are_killed_and_it_is_never_sold_twice) {
    seat_server server({"--payment", "1", "--idle-timeout", timeout_ms, "--threads", "4"});
    storm crowd(server);
    rage(crowd, server);

    // All at the same moment, in the middle of it.
    for (unsigned i = 0; i < processes; ++i)
        crowd.signal(i, SIGSTOP);
    for (unsigned i = 0; i < processes; ++i)
        crowd.kill(i);
    const auto freed =
        server.until([](const auto& now) { return now.idle(); }, milliseconds(std::stoi(timeout_ms)));
    BOOST_TEST_REQUIRE(freed.has_value(), server.now());

    // Those who come back find what they had left, and give it back.
    const std::size_t before = crowd.verdict().sold;
    for (unsigned i = 0; i < processes; ++i)
        crowd.start(i);
    BOOST_TEST_REQUIRE(
        server.until([&](const auto&) { return crowd.verdict().sold > before + 10; }, 60s).has_value());
    crowd.end();
    const auto left = server.until([](const auto& now) { return now.idle() && now.sold == 0; }, 10s);
    BOOST_TEST(left.has_value(), server.now());

    const ledger_verdict all = crowd.verdict();
    BOOST_TEST(all.breaches.empty(), first_of(all.breaches));
    BOOST_TEST(server.now().conflicts == 0);
    BOOST_TEST(all.sold > crowd.killed()); // else it was no storm
    BOOST_TEST(all.unanswered > 0u);
    figures() << processes * visitors_each << " visitors of one seat in " << processes << " processes, "
              << crowd.killed() << " times a process was killed: sold " << all.sold
              << " times and given back " << all.returned << " times, " << all.refused << " refusals, "
              << all.unanswered << " requests without an answer (" << all.hidden << " of them done), "
              << all.breaches.size() << " double bookings, " << server.now().conflicts
              << " conflicts; all free " << freed->count() << " ms after the last were killed\n";
    BOOST_TEST(server.stop().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(without_locks_the_same_storm_is_noticed) {
    seat_server server({"--payment", "1", "--idle-timeout", timeout_ms, "--threads", "4", "--without-locks"});
    storm crowd(server);
    const auto sold_twice = server.until([](const auto& now) { return now.conflicts > 0; }, 20s);
    BOOST_TEST(sold_twice.has_value());
    BOOST_TEST(server.until([&](const auto&) { return !crowd.verdict().breaches.empty(); }, 20s).has_value());
    figures() << "without locks: " << server.now().conflicts << " conflicts, "
              << crowd.verdict().breaches.size() << " double bookings in the visitors' own ledger\n";
    BOOST_TEST(server.stop().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(a_server_that_is_told_to_stop_ends_in_the_middle_of_it) {
    seat_server server({"--payment", "1", "--idle-timeout", timeout_ms, "--threads", "4"});
    storm crowd(server);
    BOOST_TEST_REQUIRE(server.until([&](const auto&) { return crowd.verdict().sold > 10; }, 60s).has_value());
    const seat_server::state busy = server.now();
    const auto begun = std::chrono::steady_clock::now();
    const auto outcome = server.stop(15s);
    const auto took = std::chrono::floor<milliseconds>(std::chrono::steady_clock::now() - begun);
    BOOST_TEST(outcome.value_or(-1) == 0);
    crowd.await_end(); // they find no server any more
    const ledger_verdict all = crowd.verdict();
    BOOST_TEST(all.breaches.empty(), first_of(all.breaches));
    BOOST_TEST(crowd.done().gone_away > 0u);
    figures() << "stopped with " << busy << ": exit code " << outcome.value_or(-1) << " after "
              << took.count() << " ms; " << crowd.done().gone_away << " connections closed with 1001, "
              << crowd.done().other_ends << " otherwise\n";
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace abuse
