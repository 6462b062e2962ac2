#include "bystander.hpp"

#include <algorithm>

namespace abuse {
namespace {

constexpr std::size_t readers = 20;
constexpr std::size_t queue_limit = 256 * 1024;
// A connection whose peer does not even take the close frame is given up 5 s later.
constexpr milliseconds closing_limit = sanitized ? 15'000ms : 8'000ms;

std::vector<std::string> small_queues() {
    return {
        "--max-queue", std::to_string(queue_limit), "--max-requests-per-second", "1000000", "--payment", "0"};
}

ws::client_options slow(const seat_server& server) {
    ws::client_options to = options_for(server);
    to.receive_buffer = 4096;
    to.reads = false;
    return to;
}

/// Those who ask, and do not read what they asked for.
class slow_readers {
public:
    slow_readers(asio::io_context& io, seat_server& server) : server_(server) {
        for (std::size_t i = 0; i < readers; ++i)
            all_.emplace_back(io.get_executor(), slow(server));
    }

    asio::awaitable<void> connect() {
        for (ws::client& each : all_)
            co_await each.connect();
    }

    /// Asks for far more than their queues hold.
    asio::awaitable<void> ask_for_too_much() {
        co_await connect();
        for (int i = 0; i < requests; ++i)
            for (ws::client& each : all_)
                each.send("seats");
        const auto only_the_bystander = [&](const seat_server::state& now) {
            most_memory = std::max(most_memory, server_.process().resident());
            return now.connections == 1;
        };
        const bool gone = co_await becomes(server_, only_the_bystander, closing_limit);
        BOOST_TEST(gone);
    }

    /// Watches everything while it changes.
    asio::awaitable<void> watch(int changes) {
        co_await connect();
        for (ws::client& each : all_) {
            each.send("watch");
            each.send("watch_seats");
        }
        ws::client buyer(co_await asio::this_coro::executor, options_for(server_));
        co_await buyer.connect();
        const std::string name(40, 'x');
        for (int i = 0; i < changes; ++i) {
            const std::string seat =
                std::string(1, static_cast<char>('A' + i / 12 % 7)) + std::to_string(i % 12 + 1);
            const std::string seats = R"("seats":[")" + seat + R"("])";
            const ws::reply bought = co_await buyer.request("reserve", seats + R"(,"name":")" + name + '"');
            BOOST_REQUIRE(bought.ok());
            const ws::reply returned = co_await buyer.request("give_back", seats);
            BOOST_REQUIRE(returned.ok());
            most_memory = std::max(most_memory, server_.process().resident());
        }
    }

    [[nodiscard]] ws::client& first() { return all_.front(); }
    void drop() { all_.clear(); }

    static constexpr int requests = 3000; // each is answered with some 5 kB
    std::size_t most_memory = 0;

private:
    seat_server& server_;
    std::deque<ws::client> all_;
};

BOOST_AUTO_TEST_SUITE(slow_reading)

BOOST_AUTO_TEST_CASE(who_does_not_read_what_was_asked_for_is_disconnected_and_memory_stays_bounded) {
    seat_server server(small_queues());
    asio::io_context io(1);
    slow_readers all(io, server);
    const std::size_t at_start = server.process().resident();
    figures() << readers << " clients that ask " << slow_readers::requests
              << " times for all seats and do not read:\n";
    beside_a_bystander(io, server, all.ask_for_too_much());
    const std::size_t bound = readers * queue_limit * 2 + (4 << 20);
    if (!sanitized)
        BOOST_TEST(all.most_memory < at_start + bound);
    figures() << "    all disconnected; resident memory " << in_mb(at_start) << " before, at most "
              << in_mb(all.most_memory) << " (bound " << in_mb(at_start + bound) << ")\n";
    all.drop();
    BOOST_TEST(server.until([](const auto& now) { return now.idle(); }, 5s).has_value(), server.now());
    BOOST_TEST(server.stop().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(who_reads_at_last_is_told_why) {
    seat_server server(small_queues());
    asio::io_context io(1);
    ws::client late(io.get_executor(), slow(server));
    const auto be_late = [&]() -> asio::awaitable<void> {
        co_await late.connect();
        for (int i = 0; i < slow_readers::requests; ++i)
            late.send("seats");
        // Its answers, then no more: something was not taken any more.
        asio::steady_timer pause(io, 1s);
        co_await pause.async_wait(asio::use_awaitable);
        late.start_reading();
        const std::uint16_t code = co_await late.ended();
        BOOST_TEST(code == 1008);
    };
    run(io, be_late());
    BOOST_TEST(server.stop().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(who_watches_and_does_not_read_costs_little) {
    seat_server server(small_queues());
    asio::io_context io(1);
    slow_readers all(io, server);
    const std::size_t at_start = server.process().resident();
    constexpr int changes = sanitized ? 500 : 3000;
    figures() << readers << " clients that watch " << 2 * changes << " changes and do not read:\n";
    beside_a_bystander(io, server, all.watch(changes));
    const std::size_t bound = readers * queue_limit * 2 + (4 << 20);
    if (!sanitized)
        BOOST_TEST(all.most_memory < at_start + bound);
    figures() << "    resident memory " << in_mb(at_start) << " before, at most " << in_mb(all.most_memory)
              << " (bound " << in_mb(at_start + bound) << ")\n";
    all.drop();
    BOOST_TEST(server.until([](const auto& now) { return now.idle(); }, 10s).has_value(), server.now());
    BOOST_TEST(server.stop().value_or(-1) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace abuse
