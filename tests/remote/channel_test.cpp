#include "remote/channel.hpp"

#include "fixture.hpp"

#include <boost/asio/strand.hpp>
#include <boost/test/unit_test.hpp>

#include <vector>

BOOST_AUTO_TEST_SUITE(channel_)

using namespace colock_test;
using namespace colock::remote;
using colock::never;

struct noted_operation final : operation {
    explicit noted_operation(step s = ping_step()) { what = std::move(s); }
    void completed(reply r) override { answers.push_back(std::move(r)); }
    void sending(bool again) override { sent_again += again; }
    std::vector<reply> answers;
    int sent_again = 0;
};

/// A connection that does what the test says.
struct scripted_link final : link {
    void open() override { ++opens; }
    void send(const operation_ptr& what) override { written.push_back(what); }
    void flush() override { ++flushes; }
    void close() noexcept override { ++closes; }
    int opens = 0;
    int flushes = 0;
    int closes = 0;
    std::vector<operation_ptr> written;
};

struct channel_scene {
    explicit channel_scene(channel_settings with = {}) : settings(with) {
        auto made = std::make_unique<scripted_link>();
        line = made.get();
        carrier->use(std::move(made));
    }
    void run() {
        io.restart();
        io.poll();
    }
    void advance(colock::duration span) {
        clock->advance(span);
        run();
    }
    std::shared_ptr<noted_operation> submit(colock::time_point limit = never) {
        auto what = std::make_shared<noted_operation>();
        BOOST_CHECK(carrier->submit(what, limit));
        run();
        return what;
    }
    colock::time_point in(colock::duration span) { return clock->now() + span; }

    const channel_settings settings;
    asio::io_context io;
    std::shared_ptr<colock::manual_clock> clock = std::make_shared<colock::manual_clock>();
    std::shared_ptr<channel> carrier = std::make_shared<channel>(
        std::make_shared<colock::detail::background>(asio::make_strand(io.get_executor())), clock, settings);
    scripted_link* line = nullptr;
};

BOOST_AUTO_TEST_CASE(it_connects_when_it_is_needed_and_writes_what_waited_in_one_go) {
    channel_scene s;
    s.run();
    BOOST_CHECK_EQUAL(s.line->opens, 0);
    const auto one = s.submit();
    const auto two = s.submit();
    BOOST_CHECK_EQUAL(s.line->opens, 1);
    BOOST_CHECK(s.line->written.empty());
    s.carrier->opened();
    s.run();
    BOOST_CHECK((s.line->written == std::vector<operation_ptr>{one, two}));
    BOOST_CHECK_EQUAL(s.line->flushes, 1);
    s.carrier->answered(one, {});
    s.carrier->answered(one, {}); // not twice
    BOOST_CHECK_EQUAL(one->answers.size(), 1u);
    BOOST_CHECK(two->answers.empty());
}

BOOST_AUTO_TEST_CASE(R2_what_was_not_answered_is_sent_again_first_and_says_so) {
    channel_scene s;
    const auto one = s.submit();
    s.carrier->opened();
    s.run();
    s.carrier->answered(one, {});
    const auto two = s.submit();
    s.carrier->broken(errc::provider_unavailable, "cut");
    const auto three = s.submit();
    BOOST_CHECK_EQUAL(s.line->opens, 2); // it had been good: at once
    s.carrier->opened();
    s.line->written.clear();
    s.run();
    BOOST_CHECK((s.line->written == std::vector<operation_ptr>{two, three}));
    BOOST_CHECK_EQUAL(two->tries, 2u);
    BOOST_CHECK_EQUAL(two->sent_again, 1);
    BOOST_CHECK_EQUAL(two->first_link + 1, s.carrier->link_number());
    BOOST_CHECK_EQUAL(three->sent_again, 0);
}

BOOST_AUTO_TEST_CASE(R8_it_connects_again_with_growing_pauses) {
    channel_scene s;
    const auto one = s.submit(s.in(60s));
    colock::duration last{};
    for (int i = 1; i <= 8; ++i) {
        BOOST_CHECK_EQUAL(s.line->opens, i);
        s.carrier->broken(errc::provider_unavailable, "refused");
        s.run();
        colock::duration pause{};
        while (s.line->opens == i && pause < 2s) {
            s.advance(1ms);
            pause += 1ms;
        }
        BOOST_CHECK_LE(pause, 1s + 1ms);
        if (i == 1)
            BOOST_CHECK_LE(pause, 21ms);
        last = pause;
    }
    BOOST_CHECK_GE(last, 500ms);
    BOOST_CHECK_EQUAL(s.carrier->trouble(), "refused");
    BOOST_CHECK(one->answers.empty());
}

BOOST_AUTO_TEST_CASE(R8_a_limit_ends_an_operation_and_tells_why) {
    channel_scene s;
    const auto one = s.submit(s.in(500ms));
    s.carrier->broken(errc::provider_unavailable, "refused");
    s.advance(500ms - 1ns);
    BOOST_CHECK(one->answers.empty());
    s.advance(1ns);
    BOOST_REQUIRE_EQUAL(one->answers.size(), 1u);
    BOOST_CHECK(one->answers[0].error == errc::provider_unavailable);
    BOOST_CHECK_EQUAL(one->answers[0].text, "refused");
    s.advance(10s);
    const int opens = s.line->opens;
    s.advance(60s); // nothing to be sent: no need to connect
    BOOST_CHECK_EQUAL(s.line->opens, opens);
}

BOOST_AUTO_TEST_CASE(a_link_that_does_not_answer_is_given_up) {
    channel_scene s;
    const auto one = s.submit();
    s.carrier->opened();
    s.run();
    s.advance(2s);
    BOOST_CHECK_EQUAL(s.line->closes, 1);
    BOOST_CHECK(!s.carrier->is_open());
    s.advance(1s);
    BOOST_CHECK_EQUAL(s.line->opens, 2);
    s.carrier->opened();
    s.run();
    s.carrier->answered(one, {});
    BOOST_CHECK_EQUAL(one->answers.size(), 1u);
    s.advance(60s);
    BOOST_CHECK_EQUAL(s.line->closes, 1); // idle, and nothing is expected
}

BOOST_AUTO_TEST_CASE(an_attempt_to_connect_that_hangs_is_given_up) {
    channel_scene s;
    const auto one = s.submit();
    s.advance(2s);
    BOOST_CHECK_EQUAL(s.line->closes, 1);
    s.advance(1s);
    BOOST_CHECK_EQUAL(s.line->opens, 2);
    BOOST_CHECK(one->answers.empty());
}

BOOST_AUTO_TEST_CASE(listening_has_no_limit) {
    channel_scene s;
    const auto listening = std::make_shared<noted_operation>(listen_step());
    BOOST_CHECK(s.carrier->submit(listening, never));
    s.run();
    s.carrier->opened();
    s.run();
    s.advance(1h);
    BOOST_CHECK_EQUAL(s.line->closes, 0);
}

BOOST_AUTO_TEST_CASE(what_is_dropped_is_not_sent_and_tells_whether_it_was) {
    channel_scene s;
    const auto one = s.submit();
    BOOST_CHECK(!s.carrier->drop(*one)); // never written
    const auto two = s.submit();
    s.carrier->opened();
    s.run();
    BOOST_CHECK((s.line->written == std::vector<operation_ptr>{two}));
    BOOST_CHECK(s.carrier->drop(*two));
    s.carrier->answered(two, {});
    BOOST_CHECK(two->answers.empty());
    const auto three = s.submit();
    s.carrier->broken(errc::provider_unavailable, "cut");
    BOOST_CHECK(s.carrier->drop(*three)); // written, perhaps carried out
    s.line->written.clear();
    s.advance(2s);
    s.carrier->opened();
    s.run();
    BOOST_CHECK(s.line->written.empty());
}

BOOST_AUTO_TEST_CASE(a_slow_backend_is_not_given_more_than_it_has_room_for) {
    channel_scene s(channel_settings{.most_in_flight = 2});
    std::vector<std::shared_ptr<noted_operation>> all;
    for (int i = 0; i < 5; ++i)
        all.push_back(s.submit());
    s.carrier->opened();
    s.run();
    BOOST_CHECK((s.line->written == std::vector<operation_ptr>{all[0], all[1]}));
    // Nobody waits for it any more, but the backend has it all the same.
    BOOST_CHECK(s.carrier->drop(*all[0]));
    s.run();
    BOOST_CHECK_EQUAL(s.line->written.size(), 2u);
    // One that has not been written never will be.
    BOOST_CHECK(!s.carrier->drop(*all[2]));
    s.carrier->answered(all[0], {});
    s.run();
    BOOST_CHECK((s.line->written == std::vector<operation_ptr>{all[0], all[1], all[3]}));
    s.carrier->answered(all[1], {});
    s.carrier->answered(all[3], {});
    s.run();
    BOOST_CHECK_EQUAL(s.line->written.back(), all[4]);
    BOOST_CHECK(all[2]->answers.empty());
    BOOST_CHECK_EQUAL(all[2]->tries, 0u);
}

BOOST_AUTO_TEST_CASE(a_new_link_has_room_again_and_the_order_stays) {
    channel_scene s(channel_settings{.most_in_flight = 2});
    std::vector<operation_ptr> all;
    for (int i = 0; i < 3; ++i)
        all.push_back(s.submit());
    s.carrier->opened();
    s.run();
    s.carrier->broken(errc::provider_unavailable, "cut");
    s.line->written.clear();
    s.advance(1s);
    s.carrier->opened();
    s.run();
    BOOST_CHECK((s.line->written == std::vector<operation_ptr>{all[0], all[1]}));
}

BOOST_AUTO_TEST_CASE(listening_takes_no_room) {
    channel_scene s(channel_settings{.most_in_flight = 1});
    BOOST_CHECK(s.carrier->submit(std::make_shared<noted_operation>(listen_step()), never));
    s.run();
    s.carrier->opened();
    s.run();
    const auto one = s.submit();
    BOOST_CHECK_EQUAL(s.line->written.back(), one);
    (void)s.submit();
    BOOST_CHECK_EQUAL(s.line->written.size(), 2u);
}

// Else, with no room left and nobody who waits, nothing would ever be written again.
BOOST_AUTO_TEST_CASE(R8_a_link_that_does_not_answer_is_given_up_even_if_all_have_given_up_before) {
    channel_scene s(channel_settings{.most_in_flight = 1});
    const auto one = s.submit(s.in(100ms));
    s.carrier->opened();
    s.run();
    s.advance(100ms);
    BOOST_CHECK_EQUAL(one->answers.size(), 1u);
    const auto two = s.submit();
    BOOST_CHECK_EQUAL(s.line->written.size(), 1u);
    s.advance(1900ms - 1ns);
    BOOST_CHECK_EQUAL(s.line->closes, 0);
    s.advance(1ns);
    BOOST_CHECK_EQUAL(s.line->closes, 1);
    s.advance(1s);
    s.carrier->opened();
    s.run();
    BOOST_CHECK_EQUAL(s.line->written.back(), two);
}

BOOST_AUTO_TEST_CASE(Z2_shut_it_ends_everything_and_takes_no_more) {
    channel_scene s;
    const auto one = s.submit();
    s.carrier->opened();
    s.run();
    const auto two = s.submit();
    s.carrier->shut();
    BOOST_CHECK(one->answers.at(0).error == errc::closed);
    BOOST_CHECK(two->answers.at(0).error == errc::closed);
    BOOST_CHECK(!s.carrier->submit(std::make_shared<noted_operation>(), never));
}

BOOST_AUTO_TEST_CASE(Z2_the_context_may_go_first) {
    auto s = std::make_unique<channel_scene>();
    const auto carrier = s->carrier;
    const auto clock = s->clock;
    const auto one = s->submit(clock->now() + 1s);
    s.reset();
    carrier->context_gone();
    clock->advance(10s);
    BOOST_CHECK_EQUAL(one->answers.size(), 1u);
}

BOOST_AUTO_TEST_SUITE_END()
