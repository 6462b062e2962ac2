// The smaller parts, each by itself.
#include "access.hpp"
#include "identity.hpp"
#include "lock_directory.hpp"
#include "outbox.hpp"
#include "seat_store.hpp"
#include "secrets.hpp"
#include "token_bucket.hpp"
#include "wait_statistics.hpp"

#include "fault.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <fstream>
#include <set>
#include <unistd.h>

using namespace seat_service;
using namespace std::chrono_literals;

namespace {

/// A file that goes away.
struct scratch_file {
    explicit scratch_file(const std::string& content)
        : path("colock-seats-" + std::to_string(getpid()) + ".txt") {
        std::ofstream(path) << content;
    }
    ~scratch_file() { std::remove(path.c_str()); }
    std::string path;
};

fault fault_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const failure& f) {
        return f.why;
    }
    return fault::none;
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_parts)

// ---- the store ----

BOOST_AUTO_TEST_CASE(the_store_refuses_a_token_that_was_overtaken) {
    int told = 0;
    seat_store store([&](const seat&, const seat_store::totals&) { ++told; });
    const identity_ptr ada = identity::guest();
    auto seen = store.look({3}, 10);
    (void)store.look({3}, 11); // the next holder of the lock looks
    seen[0].buyer = ada;
    BOOST_TEST((fault_of([&] { store.write(seen, 10); }) == fault::stale_token));
    BOOST_TEST((fault_of([&] { (void)store.look({3}, 10); }) == fault::stale_token));
    BOOST_TEST(store.count().sold == 0u);
    BOOST_TEST(told == 0);

    store.write(seen, 11);
    BOOST_TEST(store.count().sold == 1u);
    BOOST_TEST(told == 1);
    BOOST_TEST(store.all().at(3).version == 1u);
    BOOST_TEST(store.count().conflicts == 0u);
}

BOOST_AUTO_TEST_CASE(the_store_writes_all_or_nothing) {
    seat_store store([](const seat&, const seat_store::totals&) {});
    auto seen = store.look({1, 2}, 10);
    (void)store.look({2}, 11);
    for (seat& each : seen)
        each.buyer = identity::guest();
    BOOST_TEST((fault_of([&] { store.write(seen, 10); }) == fault::stale_token));
    BOOST_TEST(store.count().sold == 0u);
}

BOOST_AUTO_TEST_CASE(the_store_counts_what_a_lock_would_have_prevented) {
    seat_store store([](const seat&, const seat_store::totals&) {});
    auto of_ada = store.look({1}, seat_store::unchecked);
    auto of_bob = store.look({1}, seat_store::unchecked);
    of_ada[0].buyer = of_bob[0].buyer = identity::guest();
    store.write(of_ada, seat_store::unchecked);
    store.write(of_bob, seat_store::unchecked);
    BOOST_TEST(store.count().conflicts == 1u);
    BOOST_TEST(store.count().sold == 1u);

    auto with_token = store.look({1}, 5);
    store.write(store.look({1}, 5), 5);
    BOOST_TEST((fault_of([&] { store.write(with_token, 5); }) == fault::internal));
    BOOST_TEST(store.count().conflicts == 2u);
    of_ada = store.look({1}, 5);
    of_ada[0].buyer = nullptr;
    store.write(of_ada, 5);
    BOOST_TEST(store.count().sold == 0u);
}

// ---- who is who ----

BOOST_AUTO_TEST_CASE(an_identity_cannot_be_forged) {
    const auto ada = identity::of_name("Ada", "0123456789abcdef");
    BOOST_TEST(identity::of_name("Ada", "0123456789abcdef")->id == ada->id);
    std::set<std::string> ids{ada->id,
                              identity::of_name("Ada", "0123456789abcdeF")->id,
                              identity::of_name("Ad", "a0123456789abcdef")->id,
                              identity::of_name("Bob", "0123456789abcdef")->id,
                              identity::of_owner("Ada")->id,
                              identity::guest()->id,
                              identity::guest()->id};
    BOOST_TEST(ids.size() == 7u);
    for (const std::string& id : ids)
        BOOST_TEST(id.size() == identity::id_length);
    const std::string key = ada->owner_key("x/y");
    BOOST_TEST(identity::owner_name(key) == "x/y");
    BOOST_TEST(key.size() <= colock::max_name_length);
}

BOOST_AUTO_TEST_CASE(secrets_are_compared_as_a_whole) {
    BOOST_TEST(same_secret("abc", "abc"));
    BOOST_TEST(!same_secret("abc", "abd"));
    BOOST_TEST(!same_secret("abc", "ab"));
    BOOST_TEST(!same_secret("", "a"));
    BOOST_TEST(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    BOOST_TEST(random_hex(16).size() == 32u);
    BOOST_TEST(random_hex(16) != random_hex(16));
}

BOOST_AUTO_TEST_CASE(tokens_are_found) {
    const seat_service::access doors({{"t1", "ada"}, {"t2", "bob"}}, {}, false);
    BOOST_TEST(doors.find("t2")->owner == "bob");
    BOOST_TEST(!doors.find("t3"));
    BOOST_TEST(!doors.find(""));
    BOOST_TEST(bearer_token("Bearer t1") == "t1");
    BOOST_TEST(bearer_token("bearer  t1") == "t1");
    BOOST_TEST(bearer_token("Basic t1") == "");
    BOOST_TEST(bearer_token("Bearer ") == "");
    BOOST_TEST(bearer_token("") == "");
}

BOOST_AUTO_TEST_CASE(pages_from_elsewhere_may_not_connect) {
    const seat_service::access at_home({}, {}, true);
    BOOST_TEST(at_home.admits("", "127.0.0.1:8080"));
    BOOST_TEST(at_home.admits("http://127.0.0.1:8080", "127.0.0.1:8080"));
    BOOST_TEST(at_home.admits("http://localhost:8080", "LOCALHOST:8080"));
    BOOST_TEST(at_home.admits("http://[::1]:8080", "[::1]:8080"));
    BOOST_TEST(!at_home.admits("http://127.0.0.1:9090", "127.0.0.1:8080"));
    BOOST_TEST(!at_home.admits("https://example.com", "127.0.0.1:8080"));
    BOOST_TEST(!at_home.admits("http://example.com:8080", "example.com:8080"),
               "a name that was made to lead here");
    BOOST_TEST(!at_home.admits("http://127.example.com", "127.example.com"));
    BOOST_TEST(!at_home.admits("null", "127.0.0.1:8080"));
    BOOST_TEST(!at_home.admits("null", ""));

    const seat_service::access with_token({{"t", ""}}, {}, true);
    BOOST_TEST(with_token.admits("https://example.com", "example.com"));
    const seat_service::access listed({}, {"https://example.com"}, true);
    BOOST_TEST(listed.admits("https://example.com", "127.0.0.1:8080"));
    BOOST_TEST(listed.admits("HTTPS://EXAMPLE.COM", "127.0.0.1:8080"));
    BOOST_TEST(!listed.admits("http://example.com", "127.0.0.1:8080"));
    BOOST_TEST(!listed.admits("http://127.0.0.1:8080", "127.0.0.1:8080"));
}

BOOST_AUTO_TEST_CASE(owner_tokens_are_read) {
    const auto tokens = [](const std::string& content) {
        return read_owner_tokens(scratch_file(content).path);
    };
    const auto two = tokens("# staff\n\nada  t1\nbob\tt2\n");
    BOOST_TEST_REQUIRE(two.size() == 2u);
    BOOST_TEST(two[1].owner == "bob");
    BOOST_TEST(two[1].token == "t2");
    for (const char* bad : {"", "# nothing\n", "ada\n", "ada t1 more\n", "ada t1\nbob t1\n"})
        BOOST_CHECK_THROW(tokens(bad), std::runtime_error);
    const std::string too_long = std::string(41, 'x').append(" t");
    BOOST_CHECK_THROW(tokens(too_long), std::runtime_error);
    BOOST_CHECK_THROW((void)read_owner_tokens("/no/such/file"), std::runtime_error);
    try {
        tokens("ada t1\nbob secret more\n");
    } catch (const std::runtime_error& e) {
        BOOST_TEST(std::string(e.what()).find("line 2") != std::string::npos);
        BOOST_TEST(std::string(e.what()).find("secret") == std::string::npos);
    }
}

// ---- limits ----

BOOST_AUTO_TEST_CASE(a_bucket_passes_its_rate) {
    using verdict = token_bucket::verdict;
    token_bucket::clock::time_point now{};
    token_bucket bucket(10, now);
    for (int i = 0; i < 10; ++i)
        BOOST_TEST((bucket.take(now) == verdict::pass));
    BOOST_TEST((bucket.take(now) == verdict::refuse));
    now += 100ms;
    BOOST_TEST((bucket.take(now) == verdict::pass));
    BOOST_TEST((bucket.take(now) == verdict::refuse));

    // Twice the rate for a minute: half of it passes, and it is no flood.
    int passed = 0;
    for (int i = 0; i < 1200; ++i) {
        now += 50ms;
        const auto v = bucket.take(now);
        BOOST_TEST((v != verdict::flood));
        passed += v == verdict::pass ? 1 : 0;
    }
    BOOST_TEST(passed >= 595);
    BOOST_TEST(passed <= 605);

    // Ten times: a flood within two seconds.
    bool flood = false;
    for (int i = 0; i < 200 && !flood; ++i) {
        now += 10ms;
        flood = bucket.take(now) == verdict::flood;
    }
    BOOST_TEST(flood);
    now += 1h;
    BOOST_TEST((bucket.take(now) == verdict::pass));
}

BOOST_AUTO_TEST_CASE(an_outbox_is_bounded) {
    outbox box(1000);
    BOOST_TEST(box.push(std::string(400, 'x')));
    BOOST_TEST(!box.half_full());
    BOOST_TEST(box.push(std::string(400, 'y')));
    BOOST_TEST(box.half_full());
    BOOST_TEST(!box.push(std::string(400, 'z')));
    box.drop_rest();
    BOOST_TEST(box.front().front() == 'x');
    BOOST_TEST(box.push(std::string(400, 'z')));
    box.pop();
    box.pop();
    BOOST_TEST(box.empty());
    for (int i = 0; i < 100; ++i) {
        BOOST_TEST(box.push("x"));
        box.pop();
    }
}

BOOST_AUTO_TEST_CASE(wait_percentiles) {
    wait_statistics waits;
    waits.next_second();
    BOOST_TEST(waits.percentiles().first == 0);
    for (int i = 1; i <= 100; ++i)
        waits.add(i * 1ms);
    waits.next_second();
    const auto [p50, p99] = waits.percentiles();
    BOOST_TEST(p50 == 50, boost::test_tools::tolerance(0.1));
    BOOST_TEST(p99 == 99, boost::test_tools::tolerance(0.1));
    waits.add(10h);
    waits.add(0ns);
    for (int i = 0; i < 10; ++i)
        waits.next_second();
    BOOST_TEST(waits.percentiles().first > 0, "the last ten seconds");
    waits.next_second();
    BOOST_TEST(waits.percentiles().first == 0);
}

// ---- the directory ----

BOOST_AUTO_TEST_CASE(locks_are_found_by_their_identity_alone) {
    lock_directory all;
    const identity_ptr ada = identity::guest();
    const identity_ptr eve = identity::guest();
    const auto until = steady_clock::now() + 1h;
    const auto lock = [&](std::uint64_t token, const char* owner, connection_id connection,
                          colock::time_point end) {
        held_lock result;
        result.grant = colock::grant("k", "", colock::lock_mode::exclusive, {1, token}, token, end);
        result.who = ada;
        result.owner = owner;
        result.connection = connection;
        return result;
    };
    const auto [of_connection, first] = all.add(lock(1, "", 7, until));
    const auto [of_owner, earlier] = all.add(lock(2, "shop", 0, until - 1min));
    const auto [of_other, later] = all.add(lock(3, "cart", 0, until));
    BOOST_TEST(first);
    BOOST_TEST(earlier);
    BOOST_TEST(!later);
    BOOST_TEST((all.next_expiry() == until - 1min));
    BOOST_TEST(all.count(7) == 1u);
    BOOST_TEST(all.count(*ada) == 2u);
    BOOST_TEST(all.count(*eve) == 0u);

    BOOST_TEST(!all.find(of_owner, *eve));
    BOOST_TEST(!all.take(of_owner, *eve));
    BOOST_TEST((fault_of([&] { (void)all.enter(of_owner, *eve); }) == fault::lease_lost));
    BOOST_TEST(all.take_all(*eve, "").empty());
    BOOST_TEST(all.find(of_owner, *ada)->grant.token() == 2u);

    BOOST_TEST(all.enter(of_owner, *ada).token() == 2u);
    BOOST_TEST((fault_of([&] { (void)all.enter(of_owner, *ada); }) == fault::already_locked));
    all.leave(of_owner);
    (void)all.enter(of_owner, *ada);

    // The same grant again is the same lock, and replaces it.
    BOOST_TEST(all.add(lock(2, "shop", 0, until)).first == of_owner);
    BOOST_TEST(all.size() == 3u);
    BOOST_TEST(all.count(*ada) == 2u);

    BOOST_TEST(all.take_expired(until - 1ns).empty());
    all.prolong(of_other, lock(3, "cart", 0, until + 1h).grant);
    BOOST_TEST(all.take_expired(until).size() == 2u);
    BOOST_TEST(!all.is_held(of_connection));
    BOOST_TEST(all.take_all(*ada, "shop").empty());
    BOOST_TEST(all.take_all(*ada, "cart").size() == 1u);
    BOOST_TEST(all.size() == 0u);
    BOOST_TEST((all.next_expiry() == colock::never));
}

BOOST_AUTO_TEST_SUITE_END()
