#include "redis/check.hpp"
#include "redis/connection.hpp"
#include "redis/protocol.hpp"

#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

BOOST_AUTO_TEST_SUITE(redis_protocol)

using namespace colock_test;
using namespace colock::redis;
using namespace colock::remote;
using colock::forever;
using colock::never;
using colock::redis_report;

struct step_operation final : operation {
    explicit step_operation(step s, colock::key_set k = "a") {
        what = std::move(s);
        keys = std::move(k);
        id = {0xabc, 0x1f};
        tries = 1;
        sent_at = colock::time_point(10s);
    }
    void completed(reply) override {}
};

std::vector<std::string> words(const operation& of, std::uint64_t link = 1, bool whole = false) {
    server_clock clock;
    clock.observe(110'000'000, colock::time_point(10s), colock::time_point(10s)); // 100 s ahead of us
    std::string bytes;
    encode(dialect("shop", 0xdef, 1000), of, clock, link, false, whole, bytes);
    reply_reader reader; // a command is written as a reply is
    BOOST_REQUIRE(reader.feed(bytes));
    const auto read = reader.next();
    BOOST_REQUIRE(read); // as many words as it says
    BOOST_REQUIRE(reader.feed("+end\r\n"));
    BOOST_REQUIRE_EQUAL(reader.next().get().text(), "end");
    std::vector<std::string> result;
    for (std::size_t i = 0; i < read.get().size(); ++i)
        result.emplace_back(read.get()[i].text());
    return result;
}

BOOST_AUTO_TEST_CASE(ids_are_text_and_back) {
    const colock::grant_id id{0xfedcba9876543210, 0x123456789};
    BOOST_CHECK_EQUAL(to_text(id), "fedcba9876543210.123456789");
    BOOST_CHECK(to_id(to_text(id)) == id);
    BOOST_CHECK(to_id("") == colock::grant_id());
    BOOST_CHECK((decode_numbers("w1f a0 3") == std::vector<std::uint64_t>{0x1f, 0xa0, 3}));
    BOOST_CHECK(decode_numbers("w").empty());
}

BOOST_AUTO_TEST_CASE(an_acquisition_as_a_command) {
    step_operation call(acquire_step{.deadline = colock::time_point(12s)}, colock::keys("b", "a"));
    call.owner = "me";
    call.mode = colock::lock_mode::shared;
    call.expire = 1500us + 1ns; // rounded up
    const auto w = words(call);
    const std::vector<std::string> expected{"EVALSHA",
                                            std::string(get(script_id::acquire).sha),
                                            "1",
                                            "{shop}:locks",
                                            "0000000000000abc.1f",
                                            "140000000", // 30 s after it was sent
                                            "S0",
                                            "1501",
                                            "me",
                                            "1 112005000 1000", // the deadline, and some slack
                                            "a",
                                            "b"};
    BOOST_CHECK_EQUAL_COLLECTIONS(w.begin(), w.end(), expected.begin(), expected.end());
    BOOST_CHECK_EQUAL(words(call, 1, true)[1], get(script_id::acquire).text);
}

BOOST_AUTO_TEST_CASE(limits_that_never_come) {
    step_operation call(acquire_step{.deadline = never});
    BOOST_CHECK_EQUAL(words(call)[7], "0");        // no expire
    BOOST_CHECK_EQUAL(words(call)[9], "1 0 1000"); // no deadline
    call.what = acquire_step();
    call.expire = forever;
    BOOST_CHECK_EQUAL(words(call)[7], "-1");        // no end
    BOOST_CHECK_EQUAL(words(call)[9], "1 -1 1000"); // do not queue
}

BOOST_AUTO_TEST_CASE(a_message_that_may_have_a_forerunner_says_so) {
    step_operation call(acquire_step{});
    call.unanswered = true;
    BOOST_CHECK_EQUAL(words(call)[6], "X0r");
    step_operation leaving(leave_step{.first_link = 1});
    BOOST_CHECK_EQUAL(words(leaving, 1)[6], "");
    BOOST_CHECK_EQUAL(words(leaving, 2)[6], "t");
}

reply answer_to(const operation& to, std::string_view bytes, side_effects& besides) {
    reply_reader reader;
    BOOST_REQUIRE(reader.feed(bytes));
    const auto read = reader.next();
    BOOST_REQUIRE(read);
    std::int64_t server = 0;
    return decode(to, read.get(), server, besides);
}

BOOST_AUTO_TEST_CASE(the_common_answers_are_numbers) {
    side_effects besides;
    step_operation call(acquire_step{});
    call.expire = 7s;
    const reply granted = answer_to(call, ":1795479351301801\r\n", besides);
    BOOST_CHECK(granted.what == verdict::done);
    BOOST_CHECK_EQUAL(granted.token, 1795479351301801u);
    BOOST_CHECK(granted.id == call.id);
    BOOST_CHECK(granted.remaining == 7s);
    call.expire = forever;
    BOOST_CHECK(answer_to(call, ":5\r\n", besides).remaining == forever);
    const step_operation release(release_step{});
    BOOST_CHECK_EQUAL(answer_to(release, ":1\r\n", besides).count, 1u);
}

BOOST_AUTO_TEST_CASE(an_answer_in_full) {
    side_effects besides;
    const step_operation call(acquire_step{});
    const reply granted = answer_to(call,
                                    "*10\r\n$1\r\ng\r\n:1000\r\n:42\r\n:3000\r\n$18\r\n00000000000000ff."
                                    "9\r\n:1\r\n*2\r\n$1\r\n1\r\n$2\r\n1a\r\n"
                                    "*1\r\n$1\r\n7\r\n*6\r\n$7\r\nexpired\r\n$1\r\nk\r\n$2\r\nme\r\n:9\r\n$"
                                    "1\r\nS\r\n:2500\r\n*1\r\n:3\r\n",
                                    besides);
    BOOST_CHECK_EQUAL(granted.token, 42u);
    BOOST_CHECK((granted.id == colock::grant_id{0xff, 9}));
    BOOST_CHECK(granted.remaining == 2ms);
    BOOST_CHECK(granted.same_hold);
    BOOST_CHECK((granted.waiters == std::vector<std::size_t>{3}));
    BOOST_CHECK((besides.woken == std::vector<std::uint64_t>{1, 0x1a}));
    BOOST_CHECK((besides.lost == std::vector<std::uint64_t>{7}));
    BOOST_REQUIRE_EQUAL(besides.events.size(), 1u);
    BOOST_CHECK(besides.events[0].kind == colock::lock_event_kind::expired);
    BOOST_CHECK_EQUAL(besides.events[0].key + besides.events[0].owner, "kme");
    BOOST_CHECK(besides.events[0].elapsed == 2500us);
    BOOST_CHECK_THROW(answer_to(call, "*1\r\n$3\r\nwhy\r\n", besides), std::runtime_error);
    BOOST_CHECK_THROW(answer_to(call, "+OK\r\n", besides), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(the_servers_clock_lies_between_sending_and_receiving) {
    server_clock clock;
    clock.observe(1'000'000'000, colock::time_point(10s), colock::time_point(11s));
    const auto ahead = [&] { return clock.at(colock::time_point(0s)); };
    BOOST_CHECK(ahead() >= 989'000'000 && ahead() <= 990'000'000);
    clock.observe(1'000'000'000, colock::time_point(10s), colock::time_point(10s + 1ms)); // a better look
    BOOST_CHECK(ahead() >= 989'999'000 && ahead() <= 990'000'000);
    const auto before = ahead();
    clock.observe(1'005'000'000, colock::time_point(14s),
                  colock::time_point(18s)); // a worse one changes nothing
    BOOST_CHECK_EQUAL(ahead(), before);
    clock.observe(2'000'000'000, colock::time_point(20s), colock::time_point(20s)); // it was set
    BOOST_CHECK_EQUAL(ahead(), 1'980'000'000);
}

BOOST_AUTO_TEST_CASE(a_cluster_says_where_the_slot_is) {
    const auto to = to_redirection("MOVED 3999 127.0.0.1:6381");
    BOOST_REQUIRE(to);
    BOOST_CHECK_EQUAL(to->host, "127.0.0.1");
    BOOST_CHECK_EQUAL(to->port, 6381);
    BOOST_CHECK_EQUAL(to_redirection("MOVED 1 ::1:6381")->host, "::1");
    for (const char* wrong : {"MOVED", "MOVED ", "MOVED 1", "MOVED 1 :6381", "MOVED 1 h:", "MOVED 1 h:99999",
                              "MOVED 1 h:1x", "READONLY You can't", "MOVED h:1"})
        BOOST_CHECK_MESSAGE(!to_redirection(wrong), wrong);
}

bool warns(const redis_report& report, std::string_view of) {
    for (const std::string& text : report.warnings)
        if (text.find(of) != std::string::npos)
            return true;
    return false;
}

BOOST_AUTO_TEST_CASE(check_finds_what_threatens_locks) {
    const std::string good = "# Server\r\nredis_version:7.0.15\r\nrole:master\r\nconnected_slaves:0\r\n"
                             "maxmemory_policy:noeviction\r\naof_enabled:1\r\n";
    const auto with = [&](std::string_view from, std::string_view to) {
        std::string changed = good;
        changed.replace(changed.find(from), from.size(), to);
        return changed;
    };
    BOOST_CHECK(judge({good, "", "always"}).warnings.empty());
    BOOST_CHECK_EQUAL(judge({good, "", "always"}).version, "7.0.15");
    BOOST_CHECK(warns(judge({good, "", "everysec"}), "appendfsync everysec"));
    BOOST_CHECK(warns(judge({good, "", std::nullopt}), "does not tell how often"));
    BOOST_CHECK(warns(judge({with("7.0.15", "6.0.16"), "", "always"}), "too old: version 6.0.16"));
    BOOST_CHECK(judge({with("7.0.15", "6.2.0"), "", "always"}).warnings.empty());
    BOOST_CHECK(judge({with("7.0.15", "10.1"), "", "always"}).warnings.empty());
    BOOST_CHECK(warns(judge({with("role:master", "role:slave"), "", "always"}), "replica"));
    BOOST_CHECK(warns(judge({with("slaves:0", "slaves:1"), "", "always"}), "promoted"));
    BOOST_CHECK(
        warns(judge({with("noeviction", "allkeys-lru"), "", "always"}), "allkeys-lru may drop locks"));
    BOOST_CHECK(
        warns(judge({with("noeviction", "volatile-lru"), "", "always"}), "volatile-lru may drop the queues"));
    const std::string no_log = with("aof_enabled:1", "aof_enabled:0");
    BOOST_CHECK(warns(judge({no_log, "", "always"}), "no persistence"));
    BOOST_CHECK(warns(judge({no_log, "3600 1", "always"}), "only snapshots"));
    BOOST_CHECK(warns(judge({no_log, std::nullopt, std::nullopt}), "does not tell whether"));
}

BOOST_AUTO_TEST_SUITE_END()
