// That servers, networks and processes fail as they are told to.
#include "fault_proxy.hpp"
#include "redis_server.hpp"
#include "resp_frames.hpp"

#include <boost/test/unit_test.hpp>

#include <future>
#include <stdexcept>

BOOST_AUTO_TEST_SUITE(fixtures)

using namespace colock_test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(a_server_restarts_with_its_data_or_without) {
    redis_server server({.append_only = true});
    server.connect().command({"SET", "a", "1"});
    server.kill();
    BOOST_CHECK_THROW(static_cast<void>(server.connect()), std::runtime_error);
    server.start();
    BOOST_CHECK_EQUAL(server.connect().command({"GET", "a"}).text, "1");
    server.kill();
    server.forget();
    server.start();
    BOOST_CHECK(server.connect().keys().empty());
}

BOOST_AUTO_TEST_CASE(a_stopped_server_answers_when_it_goes_on) {
    redis_server server;
    auto client = server.connect();
    server.stop();
    auto answer = std::async(std::launch::async, [&] { return client.command({"PING"}).text; });
    BOOST_CHECK(answer.wait_for(30ms) == std::future_status::timeout);
    server.resume();
    BOOST_CHECK_EQUAL(answer.get(), "PONG");
}

BOOST_AUTO_TEST_CASE(a_lost_reply_is_of_a_command_that_was_done) {
    redis_server server;
    fault_proxy proxy(server.port(), resp);
    redis_client through(proxy.port());
    BOOST_CHECK_EQUAL(through.command({"SET", "a", "1"}).text, "OK");
    proxy.lose_replies(1, "INCR");
    BOOST_CHECK_EQUAL(through.command({"GET", "a"}).text, "1");
    BOOST_CHECK_THROW(through.command({"INCR", "a"}), std::runtime_error);
    BOOST_CHECK_EQUAL(server.connect().command({"GET", "a"}).text, "2");
    BOOST_CHECK_EQUAL(proxy.lost(), 1);
    redis_client again(proxy.port());
    BOOST_CHECK_EQUAL(again.number({"INCR", "a"}), 3);
    proxy.lose_requests(1, "INCR");
    BOOST_CHECK_THROW(again.command({"INCR", "a"}), std::runtime_error);
    BOOST_CHECK_EQUAL(server.connect().command({"GET", "a"}).text, "3");
}

BOOST_AUTO_TEST_CASE(a_network_cuts_refuses_and_holds_back) {
    redis_server server;
    fault_proxy proxy(server.port(), resp);
    redis_client through(proxy.port());
    through.command({"PING"});
    proxy.cut();
    BOOST_CHECK_THROW(through.command({"PING"}), std::runtime_error);
    proxy.refuse(true);
    redis_client refused(proxy.port());
    BOOST_CHECK_THROW(refused.command({"PING"}), std::runtime_error);
    proxy.refuse(false);
    redis_client slow(proxy.port());
    proxy.freeze();
    auto answer = std::async(std::launch::async, [&] { return slow.number({"INCR", "a"}); });
    BOOST_CHECK(answer.wait_for(30ms) == std::future_status::timeout);
    proxy.thaw();
    BOOST_CHECK_EQUAL(answer.get(), 1);
    proxy.delay(20ms);
    const auto before = std::chrono::steady_clock::now();
    slow.command({"PING"});
    BOOST_CHECK(std::chrono::steady_clock::now() - before >= 40ms);
}

BOOST_AUTO_TEST_CASE(frames_of_the_protocol) {
    for (const std::string_view whole :
         {"+OK\r\n", ":12\r\n", "$3\r\na\r\n\r\n", "$-1\r\n", "*0\r\n", "*-1\r\n", "*2\r\n$1\r\na\r\n:1\r\n",
          "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$0\r\n\r\n"}) {
        BOOST_CHECK_EQUAL(resp_frame_length(std::string(whole) + "+more"), whole.size());
        for (std::size_t cut = 0; cut < whole.size(); ++cut)
            BOOST_CHECK_EQUAL(resp_frame_length(whole.substr(0, cut)), 0u);
    }
    BOOST_CHECK(is_resp_notification("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$0\r\n\r\n"));
    BOOST_CHECK(!is_resp_notification("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"));
}

BOOST_AUTO_TEST_CASE(a_subscriber_gets_all_but_what_was_published) {
    redis_server server;
    fault_proxy proxy(server.port(), resp);
    redis_client through(proxy.port());
    BOOST_CHECK_EQUAL(through.command({"SUBSCRIBE", "c"}).list.at(0).text, "subscribe");
    proxy.drop_notifications(true);
    BOOST_CHECK_EQUAL(server.connect().number({"PUBLISH", "c", "lost"}), 1);
    BOOST_CHECK_EQUAL(through.command({"PING"}).list.at(0).text, "pong");
    proxy.drop_notifications(false);
    BOOST_CHECK_EQUAL(server.connect().number({"PUBLISH", "c", "kept"}), 1);
    BOOST_CHECK_EQUAL(through.command({"PING"}).list.at(2).text, "kept");
    BOOST_CHECK_EQUAL(server.connect().clients(true).size(), 1u);
    BOOST_CHECK_EQUAL(server.connect().clients(false).size(), 0u);
}

BOOST_AUTO_TEST_CASE(a_process_speaks_stops_and_dies) {
    child_process echo({"cat"}, child_process::talk::lines);
    echo.send("hello");
    BOOST_CHECK_EQUAL(echo.receive().value_or(""), "hello");
    echo.stop();
    echo.send("later");
    BOOST_CHECK(!echo.receive(30ms));
    echo.resume();
    BOOST_CHECK_EQUAL(echo.receive().value_or(""), "later");
    BOOST_CHECK(echo.running());
    echo.kill();
    BOOST_CHECK(!echo.running());
    BOOST_CHECK(!echo.receive());
}

BOOST_AUTO_TEST_SUITE_END()
