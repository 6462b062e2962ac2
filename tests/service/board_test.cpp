// The board: who holds what, whatever order the news comes in.
#include "board.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace seat_service;
using namespace std::chrono_literals;
using colock::lock_event_kind;
using colock::lock_mode;

namespace {

colock::lock_event event(lock_event_kind kind, std::uint64_t token, std::string_view key = "k",
                         lock_mode mode = lock_mode::exclusive) {
    return {
        .kind = kind, .mode = mode, .key = key, .owner = {}, .token = token, .elapsed = 7ms, .waiters = 0};
}

colock::grant grant(std::uint64_t token, lock_mode mode = lock_mode::exclusive, std::string_view key = "k") {
    return {key, "", mode, {1, token}, token, colock::never};
}

struct moved_client final : client {
    void lost(std::string, std::vector<std::string>, lost_why) override {}
    void moved(std::vector<place>) override {}
};

struct fixture {
    identity_ptr ada = identity::of_name("Ada", "secret of Ada ...");
    identity_ptr bob = identity::of_name("Bob", "secret of Bob ...");
    int woken = 0;
    board all{[this] { ++woken; }};

    void begin(std::uint64_t token, const identity_ptr& who, lock_mode mode = lock_mode::exclusive) {
        all.on_event(event(lock_event_kind::granted, token, "k", mode));
        all.note(grant(token, mode), who, "lock", "");
    }
    std::vector<std::uint64_t> holders(std::string_view key = "k") const {
        const auto found = all.list(key, 1, [](const key_state&) { return true; });
        std::vector<std::uint64_t> tokens;
        if (!found.keys.empty())
            for (const holder_state& each : found.keys[0].holders)
                tokens.push_back(each.token);
        return tokens;
    }
    /// kinds and names of the changes of "k" since the last call
    std::string changes() {
        std::string text;
        for (const key_update& update : all.collect().first)
            for (const key_change& each : update.changes)
                text += std::string(to_string(each.kind)) + ":" + (each.who ? each.who->name : "?") + " ";
        return text;
    }
};

using tokens = std::vector<std::uint64_t>;

} // namespace

BOOST_FIXTURE_TEST_SUITE(service_board, fixture)

BOOST_AUTO_TEST_CASE(a_hold_begins_and_ends) {
    begin(5, ada);
    BOOST_TEST((holders() == tokens{5}));
    BOOST_TEST(changes() == "granted:Ada ");
    all.on_event(event(lock_event_kind::released, 5));
    BOOST_TEST(holders().empty());
    BOOST_TEST(changes() == "released:Ada ");
    BOOST_TEST(all.size() == 0u);
}

BOOST_AUTO_TEST_CASE(all_orders_of_the_news_end_alike) {
    enum news { granted, noted, released, next_granted };
    std::vector<int> order{granted, noted, released, next_granted};
    do {
        board b([] {});
        for (const int each : order) {
            switch (each) {
            case granted:
                b.on_event(event(lock_event_kind::granted, 1));
                break;
            case noted:
                b.note(grant(1), ada, "lock", "");
                break;
            case released:
                b.on_event(event(lock_event_kind::released, 1));
                break;
            default:
                b.on_event(event(lock_event_kind::granted, 2));
                b.note(grant(2), bob, "lock", "");
            }
        }
        const auto found = b.list("", 10, [](const key_state&) { return true; });
        BOOST_TEST_REQUIRE(found.keys.size() == 1u);
        BOOST_TEST_REQUIRE(found.keys[0].holders.size() == 1u);
        BOOST_TEST(found.keys[0].holders[0].who->name == "Bob");

        std::string kinds;
        const auto [updates, moves] = b.collect();
        for (const key_change& each : updates.at(0).changes)
            if (each.token == 1)
                kinds += std::string(to_string(each.kind)) + (each.who == ada ? " " : "? ");
        BOOST_TEST(kinds == "granted released ");

        b.on_event(event(lock_event_kind::released, 2));
        (void)b.collect();
        BOOST_TEST(b.size() == 0u);
    } while (std::next_permutation(order.begin(), order.end()));
}

BOOST_AUTO_TEST_CASE(a_later_grant_replaces_what_it_excludes) {
    begin(5, ada);
    begin(6, bob); // the release of 5 is still on its way
    BOOST_TEST((holders() == tokens{6}));
    begin(4, ada); // long over
    BOOST_TEST((holders() == tokens{6}));
    changes();
    all.on_event(event(lock_event_kind::released, 5));
    BOOST_TEST(changes() == "released:Ada ");
}

BOOST_AUTO_TEST_CASE(shared_holders_are_beside_each_other) {
    begin(5, ada, lock_mode::shared);
    begin(6, bob, lock_mode::shared);
    BOOST_TEST((holders() == tokens{5, 6}));
    begin(7, ada); // a writer: the readers are over
    BOOST_TEST((holders() == tokens{7}));
}

BOOST_AUTO_TEST_CASE(an_end_is_told_once) {
    begin(5, ada);
    changes();
    all.end(grant(5), lock_event_kind::expired);
    all.on_event(event(lock_event_kind::expired, 5));
    all.end(grant(5), lock_event_kind::expired);
    BOOST_TEST(changes() == "expired:Ada ");
    BOOST_TEST(holders().empty());
}

BOOST_AUTO_TEST_CASE(what_lacks_its_news_for_long_is_forgotten) {
    all.on_event(event(lock_event_kind::granted, 5));
    all.on_event(event(lock_event_kind::released, 5)); // no request says whose it was
    BOOST_TEST(changes() == "granted:? released:? ");
    all.forget_old(steady_clock::now() + 1s);
    BOOST_TEST(all.size() == 1u);
    all.forget_old(steady_clock::now() + 1h);
    BOOST_TEST(all.size() == 0u);
}

BOOST_AUTO_TEST_CASE(a_note_that_comes_late_makes_no_holder) {
    for (const std::uint64_t token :
         {5u, 6u}) { // exclusive; both are over before anybody says whose they were
        all.on_event(event(lock_event_kind::granted, token));
        all.on_event(event(lock_event_kind::released, token));
    }
    begin(4, ada); // long over
    BOOST_TEST(holders().empty());
    all.on_event(event(lock_event_kind::released, 4));
    all.note(grant(5), bob, "lock", "");
    BOOST_TEST(holders().empty());
    BOOST_TEST(changes() == "granted:Bob released:Bob granted:? released:? granted:Ada released:Ada ");
    all.forget_old(steady_clock::now() + 9s);
    BOOST_TEST(all.size() == 1u); // the note of 6 may still come
    all.note(grant(6), bob, "lock", "");
    BOOST_TEST(holders().empty());
    (void)all.collect();
    BOOST_TEST(all.size() == 0u);
}

BOOST_AUTO_TEST_CASE(a_renewal_makes_no_holder) {
    all.on_event(event(lock_event_kind::renewed, 5));
    BOOST_TEST(holders().empty());
    (void)all.collect();
    BOOST_TEST(all.size() == 0u);
    begin(5, ada);
    all.on_event(event(lock_event_kind::renewed, 5));
    BOOST_TEST(changes() == "granted:Ada renewed:Ada ");
}

BOOST_AUTO_TEST_CASE(a_prolonged_lock_shows_its_new_end) {
    begin(5, ada);
    const colock::time_point end = steady_clock::now() + 1h;
    all.prolong(grant(5).with_expiry(end));
    const auto found = all.list("k", 1, [](const key_state&) { return true; });
    BOOST_TEST((found.keys.at(0).holders.at(0).until == end));
}

BOOST_AUTO_TEST_CASE(waiting_requests_learn_their_places) {
    const auto one = std::make_shared<moved_client>();
    const auto two = std::make_shared<moved_client>();
    const auto first = all.enqueue(colock::key_set("k"), lock_mode::exclusive, ada, one, "1");
    const auto second = all.enqueue(colock::keys("j", "k"), lock_mode::exclusive, bob, two, "2");

    auto [updates, moves] = all.collect();
    BOOST_TEST(updates.size() == 2u);
    BOOST_TEST(moves.size() == 2u);
    for (const auto& [whose, places] : moves) {
        const bool is_first = whose.lock() == one;
        BOOST_TEST(places.size() == (is_first ? 1u : 2u)); // of each key
        for (const place& each : places) {
            BOOST_TEST(each.request == (is_first ? "1" : "2"));
            BOOST_TEST(each.place == (is_first || each.key == "j" ? 1u : 2u));
        }
    }
    BOOST_TEST(all.collect().second.empty(), "nobody has moved");

    all.dequeue(first, lock_event_kind::timed_out);
    const auto [after, last] = all.collect();
    BOOST_TEST_REQUIRE(last.size() == 1u);
    BOOST_TEST(last[0].second.at(0).place == 1u);
    BOOST_TEST(last[0].second.at(0).waiters == 1u);
    BOOST_TEST((after.at(0).changes.at(0).kind == lock_event_kind::timed_out));
    BOOST_TEST(after.at(0).changes.at(0).who->name == "Ada");

    all.dequeue(second, lock_event_kind::granted);
    all.dequeue(second, lock_event_kind::granted);
    (void)all.collect();
    BOOST_TEST(all.size() == 0u);
}

BOOST_AUTO_TEST_CASE(changes_are_the_last_ones) {
    for (std::uint64_t token = 1; token <= 100; ++token) {
        begin(token, ada);
        all.on_event(event(lock_event_kind::released, token));
    }
    const auto updates = all.collect().first;
    BOOST_TEST_REQUIRE(updates.size() == 1u);
    BOOST_TEST(updates[0].changes.size() == 20u);
    BOOST_TEST(updates[0].changes.back().token == 100u);
    BOOST_TEST(all.size() == 0u);
}

BOOST_AUTO_TEST_CASE(it_wakes_once_until_it_is_collected) {
    begin(1, ada);
    begin(2, bob);
    BOOST_TEST(woken == 1);
    (void)all.collect();
    begin(3, ada);
    BOOST_TEST(woken == 2);
}

BOOST_AUTO_TEST_CASE(a_listing_has_a_prefix_and_a_limit) {
    for (const char* key : {"b/2", "a", "b/1", "c", "b/3"})
        all.on_event(event(lock_event_kind::granted, 1, key));
    const auto any = [](const key_state&) { return true; };
    const auto some = all.list("b/", 2, any);
    BOOST_TEST(some.keys.size() == 2u);
    BOOST_TEST(some.keys[0].key == "b/1");
    BOOST_TEST(some.truncated);
    BOOST_TEST(!all.list("b/", 3, any).truncated);
    BOOST_TEST(all.list("", 10, any).keys.size() == 5u);
    BOOST_TEST(all.list("d", 10, any).keys.empty());
}

BOOST_AUTO_TEST_SUITE_END()
