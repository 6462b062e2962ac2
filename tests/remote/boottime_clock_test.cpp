#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>

BOOST_AUTO_TEST_SUITE(boottime_clock)

using namespace colock_test;

struct ringing final : colock::alarm {
    void on_alarm() noexcept override { rang.set_value(clock->now()); }
    std::shared_ptr<colock::clock_source> clock = colock::boottime_clock_source();
    std::promise<colock::time_point> rang;
};

BOOST_AUTO_TEST_CASE(alarms_ring_in_their_order_and_not_early) {
    ringing late;
    ringing soon;
    const auto now = late.clock->now();
    late.clock->schedule(late, now + 30ms);
    late.clock->schedule(soon, now + 5ms); // earlier than what it sleeps for
    const auto first = soon.rang.get_future().get();
    const auto second = late.rang.get_future().get();
    BOOST_CHECK(first >= now + 5ms);
    BOOST_CHECK(second >= now + 30ms);
    BOOST_CHECK(first < second);
}

BOOST_AUTO_TEST_CASE(one_that_is_cancelled_does_not_ring) {
    ringing never;
    ringing other;
    never.clock->schedule(never, never.clock->now() + 2ms);
    never.clock->cancel(never);
    other.clock->schedule(other, other.clock->now() + 5ms);
    other.rang.get_future().get();
    BOOST_CHECK(never.rang.get_future().wait_for(0s) == std::future_status::timeout);
}

/// Cancels itself, and is the last to use the clock.
struct last_user final : colock::alarm {
    void on_alarm() noexcept override {
        clock->cancel(*this);
        clock.reset();
        ended.set_value();
    }
    std::shared_ptr<colock::clock_source> clock = colock::boottime_clock_source();
    std::promise<void> ended;
};

BOOST_AUTO_TEST_CASE(an_alarm_may_cancel_itself_and_be_the_last) {
    last_user alarm;
    alarm.clock->schedule(alarm, alarm.clock->now());
    alarm.ended.get_future().get();
    ringing again; // a clock of its own
    again.clock->schedule(again, again.clock->now());
    again.rang.get_future().get();
}

BOOST_AUTO_TEST_CASE(a_manual_clocks_alarm_may_cancel_itself) {
    struct cancelling final : colock::alarm {
        void on_alarm() noexcept override {
            ++count;
            clock.cancel(*this);
        }
        colock::manual_clock clock;
        int count = 0;
    } alarm;
    alarm.clock.schedule(alarm, alarm.clock.now() + 1s);
    alarm.clock.advance(2s);
    BOOST_CHECK_EQUAL(alarm.count, 1);
}

BOOST_AUTO_TEST_SUITE_END()
