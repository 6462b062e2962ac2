// Keys, owners and tokens as they are, however odd.
#include "stage.hpp"

#include <colock/postgres_provider.hpp>
#include <colock/postgres_transaction.hpp>

BOOST_AUTO_TEST_SUITE(bytes)

using namespace colock_test;

std::vector<std::string> odd_texts() {
    std::vector<std::string> all{std::string(1, '\0'),
                                 std::string("a\0b\0", 4),
                                 "'",
                                 "\"",
                                 "\\",
                                 "\\\\x00",
                                 "\\x61",
                                 "$1",
                                 "{a,b}",
                                 "NULL",
                                 "null",
                                 "--",
                                 "/*",
                                 "; DROP SCHEMA colock CASCADE; --",
                                 "a b\n\t",
                                 "%s%_",
                                 "\xff\xfe",
                                 "\xc3\x28",
                                 "\xed\xa0\x80",
                                 "ünïcödé"};
    std::string every;
    for (int i = 0; i < 256; ++i)
        every += static_cast<char>(i);
    all.push_back(every);
    all.push_back(every + every);
    all.emplace_back(std::size_t{512}, '\xff');
    all.emplace_back(std::size_t{512}, '\0');
    all.emplace_back(std::size_t{511}, '\0'); // a part of another
    return all;
}

BOOST_AUTO_TEST_CASE(K3_keys_and_owners_of_any_bytes) {
    stage t;
    const auto straight = t.straight();
    const auto texts = odd_texts();
    std::vector<colock::grant> all;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const auto& key = texts[i];
        const auto& owner = texts[texts.size() - 1 - i];
        const auto granted = t.s.now(t.s.locks->acquire(key, {.owner = owner, .expire = 1h}));
        BOOST_CHECK_EQUAL(t.s.error_of(straight->acquire(key, {.owner = owner + "x"})),
                          owner.size() == 512 ? make_error_code(errc::invalid_argument)
                                              : make_error_code(errc::already_locked));
        const auto again = t.s.now(straight->acquire(key, {.owner = owner}));
        BOOST_CHECK(again.id() == granted.id());
        const auto found = t.s.info(key);
        BOOST_REQUIRE(found);
        BOOST_CHECK_EQUAL(found->holders.at(0).owner, owner);
        BOOST_CHECK_EQUAL(found->holders.at(0).token, granted.token());
        all.push_back(granted);
    }
    BOOST_CHECK_EQUAL(t.s.listed(), texts.size());
    BOOST_CHECK_EQUAL(t.rows("owner"), static_cast<long long>(texts.size()));
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const auto& owner = texts[texts.size() - 1 - i];
        BOOST_CHECK_EQUAL(t.s.now(t.s.locks->list({.owner = owner})).size(), 1u);
        BOOST_CHECK(!t.s.now(straight->release(texts[i], {.owner = "nobody"})));
        if (i % 3 == 0)
            BOOST_CHECK_EQUAL(t.s.now(straight->release_all({.owner = owner})), 1u);
        else if (i % 3 == 1)
            BOOST_CHECK(t.s.now(straight->release(texts[i], {.owner = owner})));
        else
            BOOST_CHECK(t.s.now(t.s.locks->release(all[i])));
        BOOST_CHECK(t.s.is_free(texts[i]));
    }
    BOOST_CHECK(t.is_clean());
}

// All of them in one call, whose keys must be locked in an order of which both sides think alike.
BOOST_AUTO_TEST_CASE(K1_all_odd_keys_at_once) {
    stage t;
    auto texts = odd_texts();
    const auto all = [&] {
        std::vector<std::string_view> views(texts.begin(), texts.end());
        return colock::key_set(views.begin(), views.end());
    };
    auto held = t.s.now(t.s.locks->lock(all()));
    std::reverse(texts.begin(), texts.end());
    auto waiting = t.s.queue(t.s.locks->lock(all(), {.wait = forever}), texts.front());
    for (const auto& each : texts)
        BOOST_CHECK_EQUAL(t.s.waiters(each), 1u);
    BOOST_CHECK_EQUAL(t.rows("waiter"), static_cast<long long>(texts.size()));
    BOOST_CHECK(t.s.now(held.release()));
    BOOST_CHECK(t.s.now(t.s.finish(waiting).release()));
    t.s.until([&] { return t.is_clean(); }, "nothing was left");
}

BOOST_AUTO_TEST_CASE(prefixes_of_any_bytes) {
    stage t;
    for (const auto& each : odd_texts())
        (void)t.s.now(t.s.locks->acquire(each, {.expire = 1h}));
    for (const auto& prefix : odd_texts()) {
        std::size_t expected = 0;
        for (const auto& each : odd_texts())
            expected += each.starts_with(prefix);
        BOOST_CHECK_EQUAL(t.s.now(t.s.locks->list({.prefix = prefix})).size(), expected);
    }
    BOOST_CHECK_EQUAL(t.s.now(t.s.locks->release_all()), odd_texts().size());
}

BOOST_AUTO_TEST_CASE(namespaces_of_odd_text) {
    const client other(shared_server().url("namespace=it"));
    scene theirs(other.who, "bytes");
    const std::vector<std::string> names{"it's", "{\"a\\\"}", "a b;--", "ünïcödé", std::string(128, 'n')};
    for (const auto& name : names) {
        colock::conformance::subject who;
        who.name = "postgres";
        who.make = [&](const asio::any_io_executor& executor, const colock::conformance::case_setup&) {
            colock::postgres_options options;
            options.connection = shared_server().url();
            options.name_space = name;
            return std::make_unique<colock::postgres_provider>(executor, options);
        };
        scene s(who, "bytes");
        auto held = s.now(s.locks->lock("a"));
        BOOST_CHECK_EQUAL(s.listed(), 1u);
        BOOST_CHECK(theirs.is_free("a"));
        BOOST_CHECK(s.now(held.release()));
    }
}

BOOST_AUTO_TEST_CASE(T1_tokens_of_64_bits) {
    stage t({.query = "connect_timeout=5s", .own_server = true});
    BOOST_CHECK(t.s.is_free("a"));
    const auto start = std::int64_t{1} << 62;
    t.sql().query("SELECT setval('colock.token', " + std::to_string(start) + ")");
    std::uint64_t last = static_cast<std::uint64_t>(start);
    for (int i = 0; i < 3; ++i) {
        auto held = t.s.now(t.s.locks->lock("a"));
        BOOST_CHECK_GT(held.token(), last);
        BOOST_CHECK_LT(held.token(), last + 100); // a crash skips some; as doubles they would all be the same
        last = held.token();
        auto waiting = t.s.queue(t.s.locks->acquire("a", {.owner = "me", .expire = 1h, .wait = 10s}), "a");
        BOOST_CHECK(t.s.now(held.release()));
        const auto granted = t.s.finish(waiting);
        BOOST_CHECK_GT(granted.token(), last);
        last = granted.token();
        auto user = t.server().connect();
        colock::postgres::verify(user.native(), granted, {.name_space = t.name_space()});
        BOOST_CHECK_EQUAL(t.s.info("a")->holders.at(0).token, last);
        BOOST_CHECK_EQUAL(t.s.now(t.s.locks->release_all()), 1u);
        t.server().shut_down_at_once();
        t.server().start();
    }
}

BOOST_AUTO_TEST_SUITE_END()
