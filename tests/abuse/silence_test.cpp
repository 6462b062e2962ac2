#include "helpers.hpp"

#include <csignal>

namespace abuse {
namespace {

constexpr milliseconds idle_timeout(1000);
// For the server to notice, and for us to ask.
constexpr milliseconds slack = sanitized ? 2000ms : 300ms;
// A connection that does not answer the closing handshake is given up 5 s later; its locks are not kept that
// long.
constexpr milliseconds linger = 6000ms;
const std::vector<std::string> short_timeout{"--idle-timeout", std::to_string(idle_timeout.count())};
constexpr std::size_t crowd_size = 100;

std::string key_of(std::size_t number) {
    return R"("keys":["silent/)" + std::to_string(number) + R"("],"wait_ms":60000)";
}

asio::awaitable<void> arrive_and_lock(ws::client& who, std::size_t key) {
    co_await who.connect();
    const ws::reply locked = co_await who.request("acquire", key_of(key));
    BOOST_TEST(locked.ok(), locked.to_text());
}

asio::awaitable<void> arrive_and_queue(ws::client& who, std::size_t key) {
    co_await who.connect();
    who.send("acquire", key_of(key));
    static_cast<void>(co_await who.next_event("place")); // it has got its place in the queue
}

BOOST_AUTO_TEST_SUITE(silence)

BOOST_AUTO_TEST_CASE(who_stops_to_answer_pings_is_gone_in_time_and_others_are_not) {
    seat_server server(short_timeout);
    asio::io_context io(1);
    std::deque<ws::client> holders;
    std::deque<ws::client> waiters;
    std::vector<asio::awaitable<void>> arriving;
    for (std::size_t i = 0; i < crowd_size; ++i)
        arriving.push_back(arrive_and_lock(holders.emplace_back(io.get_executor(), options_for(server)), i));
    run_all(io, std::move(arriving));
    arriving.clear();
    for (std::size_t i = 0; i < crowd_size; ++i)
        arriving.push_back(arrive_and_queue(waiters.emplace_back(io.get_executor(), options_for(server)), i));
    ws::client alive(io.get_executor(), options_for(server));
    arriving.push_back(arrive_and_queue(alive, 0));
    run_all(io, std::move(arriving));

    for (auto* silent : {&holders, &waiters})
        for (ws::client& each : *silent)
            each.go_silent();
    const auto one_left = [](const seat_server::state& now) {
        return now.held == 1 && now.waiting == 0 && now.client_locks == 1;
    };
    const auto freed = server.until(one_left, idle_timeout + slack, [&] { catch_up(io); });
    BOOST_TEST_REQUIRE(freed.has_value(), server.now());
    const auto closed = server.until([](const auto& now) { return now.connections == 1; }, linger + slack,
                                     [&] { catch_up(io); });
    BOOST_TEST(closed.has_value(), server.now());

    // Who answers pings and says nothing else has got the lock, and is still there much later.
    BOOST_TEST(alive.connected());
    const auto get = [&]() -> asio::awaitable<void> {
        const ws::reply granted = co_await alive.response(1);
        BOOST_TEST(granted.ok(), granted.to_text());
    };
    run(io, get());
    figures() << crowd_size << " holders and " << crowd_size << " waiters fell silent: all free after "
              << freed->count() << " ms (timeout " << idle_timeout.count() << " ms), closed "
              << closed.value_or(linger).count() << " ms later\n";
    BOOST_TEST(server.stop().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(a_process_that_hangs_loses_its_locks_in_time) {
    seat_server server(short_timeout);
    child_process crowd(
        {COLOCK_CROWD, "hold", std::to_string(server.port()), "0", std::to_string(crowd_size)});
    BOOST_TEST_REQUIRE(crowd.read_line(20s).value_or("") == "ready");
    const auto all = [](const auto& now) { return now.held == crowd_size && now.connections == crowd_size; };
    BOOST_TEST_REQUIRE(server.until(all, 5s).has_value(), server.now());
    // It lives on as long as it answers pings.
    static_cast<void>(server.until([](const auto&) { return false; }, idle_timeout + idle_timeout / 2));
    BOOST_TEST(all(server.now()), server.now());

    crowd.signal(SIGSTOP);
    const auto freed =
        server.until([](const auto& now) { return now.held + now.client_locks == 0; }, idle_timeout + slack);
    BOOST_TEST(freed.has_value(), server.now());
    const auto closed = server.until([](const auto& now) { return now.idle(); }, linger + slack);
    BOOST_TEST(closed.has_value(), server.now());
    crowd.signal(SIGCONT);
    BOOST_TEST(crowd.wait(10s).value_or(-1) == 0); // it finds its connections closed
    figures() << "a stopped process with " << crowd_size << " locks: free after "
              << freed.value_or(0ms).count() << " ms (timeout " << idle_timeout.count() << " ms)\n";
    BOOST_TEST(server.stop().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(a_process_that_is_killed_loses_its_locks_at_once) {
    seat_server server; // its idle timeout is 30 s
    child_process crowd(
        {COLOCK_CROWD, "hold", std::to_string(server.port()), "0", std::to_string(crowd_size)});
    BOOST_TEST_REQUIRE(crowd.read_line(20s).value_or("") == "ready");
    crowd.signal(SIGKILL);
    const auto freed = server.until([](const auto& now) { return now.idle(); }, 2s);
    BOOST_TEST(freed.has_value(), server.now());
    figures() << "a killed process with " << crowd_size << " locks: free after "
              << freed.value_or(0ms).count() << " ms\n";
    BOOST_TEST(server.stop().value_or(-1) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace abuse
