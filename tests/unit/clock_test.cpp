#include <colock/clock.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <random>
#include <vector>

BOOST_AUTO_TEST_SUITE(clocks)

using namespace std::chrono_literals;

struct noting final : colock::alarm {
    explicit noting(std::vector<int>& log, int name) : log(log), name(name) {}
    void on_alarm() noexcept override { log.push_back(name); }
    std::vector<int>& log;
    int name;
};

BOOST_AUTO_TEST_CASE(a_manual_clock_runs_alarms_in_order_of_their_times) {
    colock::manual_clock clock;
    std::vector<int> log;
    noting a(log, 1);
    noting b(log, 2);
    noting c(log, 3);
    const auto start = clock.now();
    clock.schedule(a, start + 3s);
    clock.schedule(b, start + 1s);
    clock.schedule(c, start + 2s);
    clock.schedule(c, start + 9s); // moved
    clock.advance(5s);
    BOOST_TEST(log == (std::vector<int>{2, 1}), boost::test_tools::per_element());
    BOOST_CHECK(clock.now() == start + 5s);
    clock.cancel(c);
    clock.advance(100s);
    BOOST_CHECK_EQUAL(log.size(), 2u);
}

BOOST_AUTO_TEST_CASE(the_steady_clock_runs_alarms_and_cancels_them) {
    struct promised final : colock::alarm {
        void on_alarm() noexcept override { done.set_value(std::chrono::steady_clock::now()); }
        std::promise<std::chrono::steady_clock::time_point> done;
    };
    const auto clock = colock::steady_clock_source();
    BOOST_CHECK(clock == colock::steady_clock_source());
    promised late;
    promised early;
    promised cancelled;
    const auto start = clock->now();
    clock->schedule(late, start + 20ms);
    clock->schedule(cancelled, start + 10ms);
    clock->schedule(early, start + 1ms); // wakes the thread before its time
    clock->cancel(cancelled);
    BOOST_CHECK(early.done.get_future().get() >= start + 1ms);
    BOOST_CHECK(late.done.get_future().get() >= start + 20ms);
    clock->cancel(late);
    clock->cancel(early);
}

BOOST_AUTO_TEST_CASE(cancel_waits_for_an_alarm_that_runs) {
    struct slow final : colock::alarm {
        void on_alarm() noexcept override {
            started.set_value();
            go.get_future().wait();
            ended = true;
        }
        std::promise<void> started;
        std::promise<void> go;
        std::atomic<bool> ended{false};
    };
    const auto clock = colock::steady_clock_source();
    slow alarm;
    clock->schedule(alarm, clock->now());
    alarm.started.get_future().wait();
    auto released = std::async(std::launch::async, [&] { alarm.go.set_value(); });
    clock->cancel(alarm);
    BOOST_CHECK(alarm.ended);
}

BOOST_AUTO_TEST_CASE(a_heap_gives_what_a_sort_gives) {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        colock::detail::deadline_heap heap;
        std::vector<colock::detail::deadline_node> nodes(50);
        std::vector<colock::detail::deadline_node*> in;
        for (int step = 0; step < 400; ++step) {
            auto& node = nodes[random() % nodes.size()];
            if (random() % 3 != 0) {
                heap.push(node, colock::time_point(std::chrono::nanoseconds(random() % 20)));
                if (std::find(in.begin(), in.end(), &node) == in.end())
                    in.push_back(&node);
            } else {
                heap.erase(node);
                std::erase(in, &node);
            }
            const auto least =
                std::min_element(in.begin(), in.end(), [](auto* a, auto* b) { return a->at < b->at; });
            BOOST_REQUIRE(heap.earliest() == (in.empty() ? colock::never : (*least)->at));
            BOOST_REQUIRE((heap.top() == nullptr) == in.empty());
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
