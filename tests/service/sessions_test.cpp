// Connections and what ends while they go, in one process with the server: what cancels, drops, expires and
// drains against what is granted, sold and released.
#include "world.hpp"

using namespace seat_test;

namespace {

std::string keys(const std::string& key, const std::string& more = {}) {
    return R"("keys": [)" + quoted(key) + "]" + (more.empty() ? "" : ", " + more);
}

std::string named_seats(const std::string& seat, const std::string& more = {}) {
    return R"("seats": [)" + quoted(seat) + "]" + (more.empty() ? "" : ", " + more);
}

std::string lock_of(const ws::reply& taken) {
    BOOST_TEST_REQUIRE(taken.ok(), taken.to_text());
    return R"("lock": )" + quoted(taken.text_of("lock"));
}

std::size_t sold(world& w, ws::client& who) {
    return static_cast<std::size_t>(w.ask(who, "seats").number_of("sold"));
}

/// What the server's provider holds, and who waits there.
colock::provider_statistics locks(world& w) {
    return w.server.shared().locks.get_provider().statistics();
}

/// A request that waits for its turn: returns once it is queued.
std::uint64_t queue(world& w, ws::client& who, const std::string& operation, const std::string& members) {
    const std::uint64_t id = who.send(operation, members);
    w.event(who, "place", [&](const ws::reply& place) {
        return member(place, "/request").to_number<std::uint64_t>() == id;
    });
    return id;
}

/// A client that shows a token in the handshake.
ws::client shows(world& w, const std::string& token) {
    ws::client_options how;
    how.authorization = "Bearer " + token;
    return w.connect(std::move(how));
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_sessions)

BOOST_AUTO_TEST_CASE(a_connection_that_drops_frees_what_it_holds_and_leaves_the_queue) {
    world w;
    ws::client ada = w.visitor("Ada");
    ws::client bob = w.visitor("Bob");
    ws::client cleo = w.visitor("Cleo");
    BOOST_TEST(w.ask(ada, "acquire", keys("k")).ok());
    queue(w, bob, "acquire", keys("k", R"("wait_ms": 60000)"));
    const std::uint64_t last = queue(w, cleo, "acquire", keys("k", R"("wait_ms": 60000)"));
    bob.drop(true);
    ada.drop(true);
    BOOST_TEST(w.run(cleo.response(last)).ok());
    w.await_connections(1);
    BOOST_TEST(locks(w).held == 1u);
    BOOST_TEST(locks(w).waiting == 0u);
}

BOOST_AUTO_TEST_CASE(a_connection_that_drops_while_it_pays_buys_nothing) {
    settings how = quick();
    how.payment = 60s;
    world w(how);
    ws::client ada = w.visitor("Ada");
    ws::client bob = w.visitor("Bob");
    ada.send("reserve", named_seats("A1"));
    w.await([&] { return locks(w).held == 1; }, "the sale to begin");
    ada.drop(true);
    w.await([&] { return locks(w).held == 0; }, "the seat to be free");
    BOOST_TEST(sold(w, bob) == 0u);
    BOOST_TEST(w.ask(bob, "acquire", keys("seat/A1")).ok());
}

BOOST_AUTO_TEST_CASE(a_named_owner_finds_its_lock_again_and_nobody_else_does) {
    world w;
    const std::string secret = "a secret of Ada's own";
    const std::string owned = keys("k", R"("owner": "till", "expire_ms": 60000)");
    std::string lock;
    {
        ws::client ada = w.visitor("Ada", secret);
        lock = lock_of(w.ask(ada, "acquire", owned));
    }
    w.await_connections(0);
    ws::client other = w.visitor("Ada", "the secret of another");
    BOOST_TEST(w.ask(other, "acquire", owned).error() == "already_locked");
    BOOST_TEST(w.ask(other, "extend", lock + R"(, "expire_ms": 60000)").error() == "lease_lost");
    BOOST_TEST(!w.ask(other, "release", lock).result().at("released").as_bool());
    BOOST_TEST(w.ask(other, "release_all").number_of("released") == 0);
    BOOST_TEST(w.ask(other, "reserve", named_seats("A1", lock)).error() == "lease_lost");
    ws::client back = w.visitor("Ada", secret);
    BOOST_TEST(w.ask(back, "release", lock).result().at("released").as_bool());
}

BOOST_AUTO_TEST_CASE(a_lock_that_runs_out_is_told_and_sells_nothing_afterwards) {
    world w;
    ws::client ada = w.visitor("Ada");
    ws::client bob = w.visitor("Bob");
    const ws::reply first = w.ask(ada, "acquire", keys("seat/A1", R"("expire_ms": 100)"));
    const std::string lock = lock_of(first);
    const ws::reply next = w.ask(bob, "acquire", keys("seat/A1", R"("wait_ms": 20000, "expire_ms": 60000)"));
    BOOST_TEST(next.token() > first.token());
    const ws::reply lost = w.event(ada, "lost");
    BOOST_TEST(member(lost, "/why").as_string() == "expired");
    BOOST_TEST(R"("lock": )" + quoted(std::string(member(lost, "/lock").as_string())) == lock);
    BOOST_TEST(w.ask(ada, "reserve", named_seats("A1", lock)).error() == "lease_lost");
    BOOST_TEST(w.ask(ada, "extend", lock + R"(, "expire_ms": 1000)").error() == "lease_lost");
    BOOST_TEST(w.ask(bob, "reserve", named_seats("A1", lock_of(next))).ok());
    BOOST_TEST(sold(w, bob) == 1u);
}

BOOST_AUTO_TEST_CASE(an_extended_lock_outlives_its_first_limit) {
    world w;
    ws::client ada = w.visitor("Ada");
    ws::client bob = w.visitor("Bob");
    const std::string lock = lock_of(w.ask(ada, "acquire", keys("long", R"("expire_ms": 200)")));
    BOOST_TEST(w.ask(ada, "extend", lock + R"(, "expire_ms": 60000)").ok());
    // One that was taken later with the same limit is over: so would the first be.
    w.ask(ada, "acquire", keys("short", R"("expire_ms": 200)"));
    w.event(ada, "lost",
            [](const ws::reply& lost) { return member(lost, "/keys/0").as_string() == "short"; });
    BOOST_TEST(w.ask(bob, "acquire", keys("long")).error() == "already_locked");
    BOOST_TEST(w.ask(ada, "release", lock).result().at("released").as_bool());
}

BOOST_AUTO_TEST_CASE(giving_up_and_being_granted_at_once_leave_one_holder_at_most) {
    world w;
    ws::client ada = w.visitor("Ada");
    ws::client bob = w.visitor("Bob");
    int granted = 0;
    for (int round = 0; round < 100; ++round) {
        const std::string lock = lock_of(w.ask(ada, "acquire", keys("k")));
        const std::uint64_t waiting = queue(w, bob, "acquire", keys("k", R"("wait_ms": 60000)"));
        const std::uint64_t releasing = ada.send("release", lock);
        const std::uint64_t giving_up = bob.send("abandon", R"("request": )" + std::to_string(waiting));
        const bool given_up = w.run(bob.response(giving_up)).result().at("abandoned").as_bool();
        const ws::reply outcome = w.run(bob.response(waiting));
        BOOST_TEST(w.run(ada.response(releasing)).ok());
        if (outcome.ok()) {
            ++granted;
            BOOST_TEST(w.ask(bob, "release", lock_of(outcome)).ok());
        } else {
            BOOST_TEST(given_up);
            BOOST_TEST(outcome.error() == "cancelled");
        }
        BOOST_TEST(locks(w).held == 0u);
        BOOST_TEST(locks(w).waiting == 0u);
    }
    BOOST_TEST_MESSAGE(granted << " of 100 were granted");
}

BOOST_AUTO_TEST_CASE(dropping_and_being_granted_at_once_leave_nothing_held) {
    world w;
    ws::client ada = w.visitor("Ada");
    for (int round = 0; round < 50; ++round) {
        ws::client bob = w.visitor("Bob");
        const std::string lock = lock_of(w.ask(ada, "acquire", keys("k")));
        queue(w, bob, "acquire", keys("k", R"("wait_ms": 60000)"));
        const std::uint64_t releasing = ada.send("release", lock);
        bob.drop(round % 2 == 0);
        BOOST_TEST(w.run(ada.response(releasing)).ok());
        w.await_connections(1);
        BOOST_TEST(locks(w).held == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_sale_under_ones_own_lock_needs_that_lock_to_cover_it) {
    world w;
    ws::client ada = w.visitor("Ada");
    const std::string one = lock_of(w.ask(ada, "acquire", keys("seat/A1")));
    BOOST_TEST(w.ask(ada, "reserve", R"("seats": ["A1", "A2"], )" + one).error() == "bad_request");
    const std::string read = lock_of(w.ask(ada, "acquire", keys("seat/B1", R"("mode": "shared")")));
    BOOST_TEST(w.ask(ada, "reserve", named_seats("B1", read)).error() == "bad_request");
    BOOST_TEST(w.ask(ada, "reserve", named_seats("A1", one)).ok());
    BOOST_TEST(w.ask(ada, "reserve", named_seats("A1", one)).error() == "sold");
    BOOST_TEST(sold(w, ada) == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_over_a_limit_is_answered) {
    settings how = quick();
    how.allowed.max_locks = 2;
    how.allowed.max_waits = 1;
    how.allowed.max_keys = 2;
    world w(how);
    ws::client ada = w.visitor("Ada");
    ws::client bob = w.visitor("Bob");
    BOOST_TEST(w.ask(ada, "acquire", R"("keys": ["a", "b", "c"])").error() == "bad_request");
    BOOST_TEST(w.ask(ada, "acquire", keys("a")).ok());
    BOOST_TEST(w.ask(ada, "acquire", keys("b")).ok());
    BOOST_TEST(w.ask(ada, "acquire", keys("c")).error() == "too_many_locks");
    queue(w, bob, "acquire", keys("a", R"("wait_ms": 60000)"));
    BOOST_TEST(w.ask(bob, "acquire", keys("b", R"("wait_ms": 60000)")).error() == "too_many_waits");
    BOOST_TEST(w.ask(ada, "ping").ok());
    BOOST_TEST(w.ask(bob, "ping").ok());
}

BOOST_AUTO_TEST_CASE(who_sends_too_much_is_refused_and_who_goes_on_is_closed) {
    settings how = quick();
    how.allowed.max_requests_per_second = 20;
    world w(how);
    ws::client ada = w.visitor("Ada");
    std::vector<std::uint64_t> sent;
    for (int i = 0; i < 40; ++i)
        sent.push_back(ada.send("ping"));
    int refused = 0;
    for (const std::uint64_t id : sent)
        refused += w.run(ada.response(id)).error() == "too_many_requests" ? 1 : 0;
    BOOST_TEST(refused > 0);
    BOOST_TEST(refused < 40);
    for (int i = 0; i < 2000; ++i)
        ada.send("ping");
    BOOST_TEST(w.run(ada.ended()) == 1008u);
}

BOOST_AUTO_TEST_CASE(tokens_say_who_one_is) {
    settings how = quick();
    how.credentials = {{.token = "the token of ada", .owner = "ada"},
                       {.token = "the token of bob", .owner = "bob"}};
    how.show_board = false;
    world w(how);
    ws::client ada = shows(w, "the token of ada");
    ws::client bob = shows(w, "the token of bob");
    const std::string mine = keys("k", R"("owner": "ada", "expire_ms": 60000)");
    const std::string lock = lock_of(w.ask(ada, "acquire", mine));
    BOOST_TEST(w.ask(bob, "acquire", mine).error() == "permission_denied");
    BOOST_TEST(!w.ask(bob, "release", lock).result().at("released").as_bool());
    BOOST_TEST(w.ask(bob, "list").result().at("locks").as_array().empty());
    BOOST_TEST(w.ask(ada, "list").result().at("locks").as_array().size() == 1u);

    ws::client stranger = w.connect();
    BOOST_TEST(w.ask(stranger, "list").error() == "permission_denied");
    ws::client liar = shows(w, "the token of eve");
    BOOST_TEST(w.run(liar.ended()) == 1008u);
}

BOOST_AUTO_TEST_CASE(a_server_that_stops_ends_waits_and_lets_sales_end) {
    settings how = quick();
    how.payment = 200ms;
    world w(how);
    ws::client ada = w.visitor("Ada");
    ws::client bob = w.visitor("Bob");
    BOOST_TEST(w.ask(ada, "acquire", keys("k")).ok());
    const std::uint64_t waiting = queue(w, bob, "acquire", keys("k", R"("wait_ms": 60000)"));
    const std::uint64_t buying = ada.send("reserve", named_seats("A1"));
    w.await([&] { return locks(w).held == 2; }, "the sale to begin");
    w.server.begin_stop();
    BOOST_TEST(w.run(bob.response(waiting)).error() == "closed");
    BOOST_TEST(w.run(ada.response(buying)).ok());
    BOOST_TEST(w.run(ada.ended()) == 1001u);
    BOOST_TEST(w.run(bob.ended()) == 1001u);
    w.server.await_stop();
    BOOST_TEST(locks(w).held == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
