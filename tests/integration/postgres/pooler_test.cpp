// Through a transaction pooler, as it comes with Debian.
#include "pgbouncer.hpp"
#include "stage.hpp"

BOOST_AUTO_TEST_SUITE(pooler)

using namespace colock_test;

struct pooled {
    explicit pooled(int connections = 4) : bouncer(server, connections) {}

    [[nodiscard]] std::string url(const std::string& query = {}) const {
        return bouncer.url("connect_timeout=5s&transaction_pooler=true" + query);
    }

    postgres_server server;
    pgbouncer bouncer;
};

BOOST_AUTO_TEST_CASE(R5_all_works_without_notifications) {
    const pooled there;
    const client made(there.url());
    scene s(made.who, "pooler");
    agent_process other(there.url());
    auto held = s.now(s.locks->lock(keys("a", "b")));
    const auto theirs = other.call("lock a 5000 -1");
    s.until([&] { return s.waiters("a") == 1; }, "the other process had queued");
    auto ours = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    const auto freed = time::now();
    BOOST_CHECK(s.now(held.release()));
    const auto token = std::stoull(other.expect(theirs, "held"));
    BOOST_CHECK(time::now() - freed < 2s + slack(freed));
    BOOST_CHECK_GT(token, held.token());
    BOOST_CHECK(!ours.done());
    BOOST_CHECK_EQUAL(other.expect(other.call("drop " + theirs), "released"), "1");
    auto next = s.finish(ours);
    BOOST_CHECK(time::now() - freed < 2 * (2s + slack(freed)));
    BOOST_CHECK_GT(next.token(), token);
    BOOST_CHECK(s.now(next.release()));

    const auto job = [] { return 7; };
    BOOST_CHECK_EQUAL(s.now(s.locks->execute(keys("a", "c"), job)), 7);
    const auto granted = s.now(s.locks->acquire("o", {.owner = "me", .expire = 1h}));
    BOOST_CHECK(s.now(s.locks->extend(granted, 2h)).id() == granted.id());
    BOOST_CHECK_EQUAL(s.now(s.locks->release_all({.owner = "me"})), 1u);
    BOOST_CHECK_EQUAL(s.listed(), 0u);
}

BOOST_AUTO_TEST_CASE(L2_leases_are_renewed) {
    const pooled there;
    const client made(there.url());
    scene s(made.who, "pooler");
    auto held = s.now(s.locks->lock("a", {.expire = 1s}));
    s.pass(3s);
    BOOST_CHECK(!held.lost());
    BOOST_CHECK(s.now(held.release()));
}

// No connection of the server is kept by a process, whether it waits, holds, or does nothing.
BOOST_AUTO_TEST_CASE(many_processes_share_two_connections) {
    const pooled there(2);
    std::vector<agent_process> all;
    std::vector<std::string> calls;
    for (int i = 0; i < 6; ++i) {
        all.emplace_back(there.url());
        calls.push_back(all.back().call("visit key" + std::to_string(i % 3) + " 10"));
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (int visit = 0; visit < 10; ++visit)
            all[i].expect(calls[i], "visit");
        all[i].expect(calls[i], "end");
    }
    auto sql = there.server.connect();
    BOOST_CHECK_LE(sql.connections(), 2);
    BOOST_CHECK_EQUAL(sql.number("SELECT count(*) FROM colock.waiter"), 0);
}

BOOST_AUTO_TEST_CASE(W2_notifications_may_come_by_a_direct_way) {
    const pooled there;
    const client made(there.url("&notifications=" + encoded(there.server.url())));
    scene s(made.who, "pooler");
    agent_process other(there.url());
    auto sql = there.server.connect();
    const auto hand_off = [&]() -> colock::duration {
        const auto theirs = other.call("lock a 5000 0");
        other.expect(theirs, "held");
        auto ours = s.queue(s.locks->lock("a", {.wait = forever}), "a");
        s.until([&] { return sql.connections(listening) == 1; }, "it listened");
        const auto before = time::now();
        other.call("drop " + theirs);
        auto next = s.finish(ours);
        const auto took = time::now() - before;
        BOOST_CHECK(s.now(next.release()));
        return took;
    };
    BOOST_CHECK(
        colock::conformance::often_within(100ms * slowness, hand_off)); // its next look would be later
}

// The statements that one process has prepared are in the way of the next one's.
BOOST_AUTO_TEST_CASE(who_does_not_say_so_is_told) {
    const pooled there(1);
    const auto url = there.bouncer.url("connect_timeout=1s");
    const client first(url);
    scene s(first.who, "pooler");
    BOOST_CHECK(s.is_free("a"));
    const auto text = client(url).check_unavailable(1s);
    BOOST_CHECK(contains(text, "set transaction_pooler"));
}

BOOST_AUTO_TEST_SUITE_END()
