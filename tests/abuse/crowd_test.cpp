#include "helpers.hpp"

#include <algorithm>

namespace abuse {
namespace {

// Four visitors a key: one holds it, the others wait.
const std::size_t crowd_size = sanitized ? 400 : 2000;
constexpr std::size_t sharers = 4;

asio::awaitable<void> connect(ws::client& who) {
    return who.connect();
}

class crowd {
public:
    explicit crowd(const seat_server& server) {
        const ws::client_options to = options_for(server);
        for (std::size_t i = 0; i < crowd_size; ++i)
            visitors_.emplace_back(io_.get_executor(), to);
    }

    void arrive() {
        std::vector<asio::awaitable<void>> connecting;
        for (ws::client& each : visitors_)
            connecting.push_back(connect(each));
        run_all(io_, std::move(connecting));
    }

    void lock() {
        for (std::size_t i = 0; i < visitors_.size(); ++i)
            visitors_[i].send("acquire",
                              R"("keys":["crowd/)" + std::to_string(i / sharers) + R"("],"wait_ms":60000)");
        catch_up(io_);
    }

    /// All at once, without a word: every other one by a reset.
    void vanish() {
        bool reset = false;
        for (ws::client& each : visitors_)
            each.drop(reset = !reset);
        catch_up(io_);
    }

private:
    asio::io_context io_{1};
    std::deque<ws::client> visitors_;
};

BOOST_AUTO_TEST_SUITE(crowds)

BOOST_AUTO_TEST_CASE(thousands_of_connections_come_and_vanish_and_leave_nothing) {
    seat_server server;
    const seat_server::state everybody{.connections = crowd_size,
                                       .held = crowd_size / sharers,
                                       .waiting = crowd_size - crowd_size / sharers,
                                       .client_locks = crowd_size / sharers};
    const std::size_t at_start = server.process().resident();
    const std::size_t heap_at_start = server.heap_in_use();
    std::size_t heap_full = 0;
    std::size_t full = 0;
    std::size_t after_half = 0;
    std::size_t after_last = 0;
    constexpr int waves = sanitized ? 2 : 10;
    milliseconds slowest{0};
    for (int wave = 1; wave <= waves; ++wave) {
        crowd all(server);
        all.arrive();
        all.lock();
        const auto here = server.until([&](const auto& now) { return now == everybody; }, 20s);
        BOOST_TEST_REQUIRE(here.has_value(), "wave " << wave << ": " << server.now());
        full = std::max(full, server.process().resident());
        heap_full = std::max(heap_full, server.heap_in_use());
        all.vanish();
        const auto gone = server.until([](const auto& now) { return now.idle(); }, 20s);
        BOOST_TEST_REQUIRE(gone.has_value(), "after wave " << wave << ": " << server.now());
        slowest = std::max(slowest, *gone);
        // Within moments the server returns what the crowd needed: it must not become more from wave to wave.
        const std::size_t bound = at_start + (full - at_start) / 2;
        std::size_t before = 0;
        const auto has_settled = [&](const auto&) {
            const std::size_t now = server.process().resident();
            return now < bound && now == std::exchange(before, now);
        };
        if (!sanitized)
            (void)server.until(has_settled, 5s);
        after_last = server.process().resident();
        if (wave == waves / 2) // the pools are filled by then, and the allocator has found its layout
            after_half = after_last;
    }
    figures() << crowd_size << " connections in " << waves << " waves, " << crowd_size / sharers
              << " holding and " << crowd_size - crowd_size / sharers
              << " waiting, all dropped: free after at most " << slowest.count() << " ms; resident memory "
              << in_mb(at_start) << " at the start, " << in_mb(full) << " at most, " << in_mb(after_half)
              << " after half of them, " << in_mb(after_last) << " after the last\n";
    // Some news of what the last ones were granted is awaited for up to 20 s.
    std::size_t heap_after = 0;
    const auto has_returned_all = [&](const auto&) {
        return (heap_after = server.heap_in_use()) < heap_at_start + (1 << 20);
    };
    (void)server.until(has_returned_all, 25s);
    figures() << "    heap in use " << in_mb(heap_at_start) << " before, " << in_mb(heap_full) << " at most, "
              << in_mb(heap_after) << " after\n";
    if (!sanitized) {
        BOOST_TEST(heap_full > heap_at_start + (8 << 20));  // it does tell
        BOOST_TEST(heap_after < heap_at_start + (1 << 20)); // what it holds is what it held
        BOOST_TEST(after_half < at_start + (full - at_start) / 2);
        BOOST_TEST(after_last < after_half + (1 << 20));
    }
    BOOST_TEST(server.stop().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(a_full_server_refuses_politely_and_takes_others_later) {
    constexpr std::size_t places = 50;
    seat_server server({"--max-connections", std::to_string(places)});
    asio::io_context io(1);
    std::deque<ws::client> all;
    std::size_t taken = 0;
    std::size_t refused = 0;
    const auto come = [&](ws::client& who) -> asio::awaitable<void> {
        try {
            co_await who.connect();
            const ws::reply answer = co_await who.request("ping");
            taken += answer.ok() ? 1 : 0;
        } catch (const ws::handshake_refused& no) {
            BOOST_TEST(no.status == 503);
            ++refused;
        } catch (const ws::connection_closed& end) {
            BOOST_TEST(end.code == 1013);
            ++refused;
        }
    };
    const auto come_all = [&](std::size_t count) {
        std::vector<asio::awaitable<void>> coming;
        for (std::size_t i = 0; i < count; ++i)
            coming.push_back(come(all.emplace_back(io.get_executor(), options_for(server))));
        run_all(io, std::move(coming));
    };
    come_all(3 * places);
    BOOST_TEST(taken == places);
    BOOST_TEST(refused == 2 * places);
    all.clear();
    BOOST_TEST_REQUIRE(server.until([](const auto& now) { return now.idle(); }, 10s).has_value());
    taken = 0;
    come_all(places);
    BOOST_TEST(taken == places);
    figures() << 3 * places << " connections to a server for " << places << ": " << refused
              << " refused, then " << taken << " others taken\n";
    BOOST_TEST(server.stop().value_or(-1) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace abuse
