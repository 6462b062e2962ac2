// Messages that come late, twice or in another order: here they are sent by hand.
#include "stage.hpp"

BOOST_AUTO_TEST_SUITE(messages)

using namespace colock_test;

/// A process that says what no provider would say at such a time.
struct odd_process {
    explicit odd_process(stage& t) : t(t) {}

    struct details {
        int tries = 1;
        std::string flags = {};
        long long lifetime = 30'000'000; ///< microseconds from now
        std::string owner = {};
        std::string deadline = "0"; ///< empty: it does not queue
        std::string keys = "{a}";
        bool shared = false;
    };
    /// What becomes of the step, and the token if there is one.
    std::pair<std::string, std::string> ask(const std::string& call, std::vector<std::string> parameters) {
        const auto rows = t.sql().query("SELECT what, coalesce(token, 0) FROM colock." + call +
                                            " WHERE what IN ('done', 'queued', 'refused', 'full', 'gone', "
                                            "'late', 'spent')",
                                        std::move(parameters));
        BOOST_REQUIRE_EQUAL(rows.size(), 1u);
        return {rows[0].at(0).value(), rows[0].at(1).value()};
    }
    std::pair<std::string, std::string> acquire_for(int number, const details& how) {
        return ask("acquire($1, 7, $2, $3, $4, colock.now() + $5, $9::bool, false, $6::bytea, 0, "
                   "nullif($7, '')::int8, 1000000000, $8::bytea[])",
                   {t.name_space(), std::to_string(number), std::to_string(how.tries), how.flags,
                    std::to_string(how.lifetime), bytea(how.owner), how.deadline, how.keys,
                    how.shared ? "t" : "f"});
    }
    std::string acquire(int number, const details& how) { return acquire_for(number, how).first; }
    std::string release(int number, bool by_id, const details& how) {
        return ask("release($1, 7, $2, $3, $4, colock.now() + $5, $6::bool, $7::bytea, $8::bytea[])",
                   {t.name_space(), std::to_string(number), std::to_string(how.tries), how.flags,
                    std::to_string(how.lifetime), by_id ? "t" : "f", bytea(how.owner), how.keys})
            .first;
    }
    std::string extend(int number, long long span, const details& how) {
        return ask("extend($1, 7, $2, colock.now() + $3, $4, $5::bytea[])",
                   {t.name_space(), std::to_string(number), std::to_string(how.lifetime),
                    std::to_string(span), how.keys})
            .first;
    }
    void leave(int number, const std::string& flags, const std::string& keys = "{a}") {
        BOOST_CHECK_EQUAL(
            ask("leave($1, 7, $2, $3, $4::bytea[])", {t.name_space(), std::to_string(number), flags, keys})
                .first,
            "done");
    }
    void tick(bool waits, long long lifetime = 30'000'000) {
        BOOST_CHECK_EQUAL(ask("tick($1, 7, colock.now() + $2, $3::bool, NULL, '{}', '{}', '{}', '{}', '{}')",
                              {t.name_space(), std::to_string(lifetime), waits ? "t" : "f"})
                              .first,
                          "done");
    }

    /// The number that a step answers.
    long long count(const std::string& call, std::vector<std::string> parameters) {
        return t.sql().number("SELECT number FROM colock." + call + " WHERE what = 'done'",
                              std::move(parameters));
    }
    /// How many leases could not be renewed, of the key "a".
    long long unrenewed(int number) {
        return t.sql().number("SELECT count(*) FROM colock.tick($1, 7, colock.now() + 1000000, false, NULL, "
                              "ARRAY[$2::int8], ARRAY['a'::bytea], ARRAY[30000000::int8], '{}', '{}') "
                              "WHERE what = 'unrenewed'",
                              {t.name_space(), std::to_string(number)});
    }

    stage& t;
};

// Also where the key was never used before, and where there are several.
BOOST_AUTO_TEST_CASE(R3_a_message_of_an_abandoned_call_is_refused) {
    stage t;
    odd_process odd(t);
    int number = 0;
    for (const std::string keys : {"{a}", "{a}", "{b,c}", "{b,c}"}) {
        for (const std::string deadline : {"0", ""}) {
            odd.leave(++number, "t", keys);
            BOOST_CHECK_EQUAL(odd.acquire(number, {.deadline = deadline, .keys = keys}), "spent");
            BOOST_CHECK_EQUAL(
                odd.acquire(number, {.tries = 2, .flags = "r", .deadline = deadline, .keys = keys}), "spent");
            odd.tick(false); // it is remembered for longer than that
            BOOST_CHECK_EQUAL(odd.acquire(number, {.deadline = deadline, .keys = keys}), "spent");
        }
        BOOST_CHECK(t.s.is_free(keys == "{a}" ? colock::keys("a") : colock::keys("b", "c")));
    }
    BOOST_CHECK_EQUAL(t.rows("waiter"), 0);
}

// What was sent first arrives last, over a connection that was given up.
BOOST_AUTO_TEST_CASE(R2_a_message_that_was_overtaken_by_its_repetition_is_refused) {
    stage t;
    odd_process odd(t);
    for (const std::string keys : {"{a}", "{a,b}"}) {
        const int number = keys == "{a}" ? 1 : 2;
        const auto [what, token] = odd.acquire_for(number, {.tries = 2, .flags = "r", .keys = keys});
        BOOST_CHECK_EQUAL(what, "done");
        // The same again, which was sent a third time.
        const auto again = odd.acquire_for(number, {.tries = 3, .flags = "r", .keys = keys});
        BOOST_CHECK_EQUAL(again.first, "done");
        BOOST_CHECK_EQUAL(again.second, token);
        BOOST_CHECK_EQUAL(odd.release(number, true, {.tries = 3, .keys = keys}), "done");
        BOOST_CHECK_EQUAL(odd.acquire(number, {.tries = 2, .flags = "r", .keys = keys}), "spent");
        BOOST_CHECK_EQUAL(odd.acquire(number, {.tries = 1, .keys = keys}), "spent");
        BOOST_CHECK(t.s.is_free(colock::keys("a", "b")));
    }
    // A release by the owner's name, which has acquired again meanwhile.
    for (const std::string flags : {"", "o"}) {
        const int number = flags.empty() ? 3 : 4;
        BOOST_CHECK_EQUAL(odd.release(number, false, {.tries = 2, .flags = "r", .owner = "me"}), "done");
        const auto held = t.s.now(t.s.locks->acquire("a", {.owner = "me"}));
        BOOST_CHECK_EQUAL(odd.release(number, false, {.tries = 1, .flags = flags, .owner = "me"}), "spent");
        BOOST_CHECK(t.s.now(t.s.locks->release(held)));
    }
}

BOOST_AUTO_TEST_CASE(R3_a_message_that_is_too_old_changes_nothing) {
    stage t;
    odd_process odd(t);
    for (const std::string keys : {"{a}", "{a}", "{a,b}"}) // at first there is no row
        for (const std::string deadline : {"0", ""})
            BOOST_CHECK_EQUAL(odd.acquire(1, {.lifetime = -1, .deadline = deadline, .keys = keys}), "late");
    BOOST_CHECK(t.s.is_free(colock::keys("a", "b")));
    for (const std::string keys : {"{a}", "{a,b}"}) {
        BOOST_CHECK_EQUAL(odd.acquire(2, {.owner = "me", .keys = keys}), "done");
        BOOST_CHECK_EQUAL(odd.extend(2, 1'000, {.lifetime = -1, .keys = keys}), "late");
        for (const bool by_id : {true, false})
            BOOST_CHECK_EQUAL(odd.release(2, by_id, {.lifetime = -1, .owner = "me", .keys = keys}), "late");
        t.s.pass(5ms);
        BOOST_CHECK_EQUAL(odd.release(2, true, {.owner = "me", .keys = keys}), "done");
    }
    // A process is not alive because it once was.
    const auto held = t.s.now(t.s.locks->acquire("a"));
    BOOST_CHECK_EQUAL(odd.acquire(3, {}), "queued");
    t.sql().query("UPDATE colock.process SET alive_until = colock.now() - 1 WHERE namespace = $1",
                  {t.name_space()});
    odd.tick(true, -1);
    BOOST_CHECK_EQUAL(t.rows("process"), 0);
    BOOST_CHECK_EQUAL(t.rows("waiter"), 0);
    BOOST_CHECK(t.s.now(t.s.locks->release(held)));
}

// What was remembered of calls goes when none of their messages can arrive any more.
BOOST_AUTO_TEST_CASE(R3_what_is_remembered_of_calls_goes_in_the_end) {
    stage t;
    odd_process odd(t);
    odd.leave(1, "t");
    odd.leave(2, "t");
    odd.leave(3, "");
    BOOST_CHECK_EQUAL(t.rows("spent"), 2);
    t.sql().query("UPDATE colock.spent SET until = colock.now() - 1 WHERE namespace = $1 AND number = 1",
                  {t.name_space()});
    odd.tick(false);
    BOOST_CHECK_EQUAL(t.rows("spent"), 1);
    BOOST_CHECK_EQUAL(t.rows("spent", "number = 2"), 1);
}

// Also where it would be a reader among readers: the key is promised to those who came first.
BOOST_AUTO_TEST_CASE(O3_a_key_counts_as_held_until_who_waits_for_it_has_asked) {
    stage t;
    odd_process odd(t);
    const bool shared = true;
    int number = 0;
    for (const std::string keys : {"{a}", "{a,b}"}) {
        const auto held = t.s.now(t.s.locks->acquire("a"));
        BOOST_CHECK_EQUAL(odd.acquire(++number, {.keys = keys, .shared = shared}), "queued");
        BOOST_CHECK(t.s.now(t.s.locks->release(held)));
        BOOST_CHECK(!t.s.now(t.s.locks->try_lock("a", {.mode = colock::lock_mode::shared})));
        // Behind one that may still have to wait for another key, even those wait that queued themselves.
        BOOST_CHECK_EQUAL(odd.acquire(++number, {.shared = shared}), "queued");
        BOOST_CHECK_EQUAL(odd.acquire(number, {.tries = 2, .shared = shared}),
                          keys == "{a}" ? "done" : "queued");
        odd.leave(number, "");
        BOOST_CHECK_EQUAL(odd.acquire(number - 1, {.tries = 2, .keys = keys, .shared = shared}), "done");
        BOOST_CHECK_EQUAL(odd.release(number - 1, true, {.keys = keys}), "done");
    }
}

// Who is dead, or has waited for long enough, keeps nobody out, also before somebody has cleared it away.
BOOST_AUTO_TEST_CASE(W2_W3_who_waits_no_more_keeps_nobody_out) {
    stage t;
    odd_process odd(t);
    const auto wait_in_vain = [&](int number, const std::string& deadline) {
        const auto held = t.s.now(t.s.locks->acquire("a"));
        BOOST_CHECK_EQUAL(odd.acquire(number, {.deadline = deadline}), "queued");
        BOOST_CHECK_EQUAL(t.s.waiters("a"), 1u);
        BOOST_CHECK(t.s.now(t.s.locks->release(held)));
        BOOST_CHECK(!t.s.now(t.s.locks->try_acquire("a")));
    };
    wait_in_vain(1, "0");
    t.sql().query("UPDATE colock.process SET alive_until = colock.now() - 1 WHERE namespace = $1",
                  {t.name_space()});
    BOOST_CHECK(t.s.is_free("a"));
    BOOST_CHECK_EQUAL(t.s.waiters("a"), 0u);
    BOOST_CHECK_EQUAL(t.rows("waiter"), 1); // or it did not test anything
    // When it asks again, it queues again.
    const auto held = t.s.now(t.s.locks->acquire("a"));
    BOOST_CHECK_EQUAL(odd.acquire(1, {.tries = 2}), "queued");
    BOOST_CHECK_EQUAL(t.s.waiters("a"), 1u);
    BOOST_CHECK(t.s.now(t.s.locks->release(held)));
    odd.leave(1, "");
    wait_in_vain(2, t.sql().text("SELECT colock.now() + 1000000"));
    t.s.pass(1s);
    BOOST_CHECK(t.s.is_free("a"));
    BOOST_CHECK_EQUAL(t.s.waiters("a"), 0u);
    BOOST_CHECK_EQUAL(t.rows("waiter"), 1);
}

// Even if nobody else has given its places away.
BOOST_AUTO_TEST_CASE(W2_a_process_that_was_not_heard_of_queues_again) {
    stage t;
    const auto straight = t.straight();
    const auto held = t.s.now(straight->acquire("a"));
    auto waiting = t.s.queue(t.s.locks->lock("a", {.wait = forever}), "a");
    const auto ticket = [&] {
        return t.sql().number("SELECT coalesce(max(ticket), 0) FROM colock.waiter WHERE namespace = $1",
                              {t.name_space()});
    };
    const auto before = ticket();
    t.sql().query("UPDATE colock.process SET alive_until = colock.now() - 1 WHERE namespace = $1",
                  {t.name_space()});
    t.s.until([&] { return ticket() > before; }, "it queued again");
    BOOST_CHECK_EQUAL(t.rows("waiter"), 1);
    BOOST_CHECK(t.s.now(straight->release(held)));
    BOOST_CHECK(t.s.now(t.s.finish(waiting).release()));
}

// It may be sent several times, and in parts, while others go on.
BOOST_AUTO_TEST_CASE(O5_release_all_spares_what_is_newer_than_its_first_message) {
    stage t;
    odd_process odd(t);
    const auto older = t.s.now(t.s.locks->acquire("a"));
    const auto newer = t.s.now(t.s.locks->acquire("b", {.owner = "me"}));
    for (const std::string owner : {"", "me"})
        BOOST_CHECK_EQUAL(odd.ask("release_all($1, 7, nullif($2, '')::bytea, NULL, $3)",
                                  {t.name_space(), owner, std::to_string(older.token())})
                              .first,
                          "done");
    BOOST_CHECK(t.s.is_free("a"));
    BOOST_CHECK(!t.s.is_free("b"));
    BOOST_CHECK(t.s.now(t.s.locks->release(newer)));
}

// The owner's other calls were granted the same, and were not abandoned.
BOOST_AUTO_TEST_CASE(O1_an_abandoned_call_ends_only_what_no_other_call_was_granted) {
    stage t;
    odd_process odd(t);
    for (const std::string keys : {"{a}", "{a,b}"}) {
        const auto both = colock::keys(keys == "{a}" ? "a" : "b", "a");
        for (const auto& [first, second] : {std::pair{1, 2}, std::pair{2, 1}}) {
            for (const int number : {1, 2, 2})
                BOOST_CHECK_EQUAL(odd.acquire(number, {.owner = "me", .keys = keys}), "done");
            odd.leave(first, "", keys);
            BOOST_CHECK(!t.s.is_free("a"));
            odd.leave(3, "", keys); // which was granted nothing
            BOOST_CHECK(!t.s.is_free("a"));
            odd.leave(second, "", keys);
            BOOST_CHECK(t.s.is_free(both));
            BOOST_CHECK_EQUAL(t.rows("owner"), 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(L2_a_renewal_shortens_no_lease) {
    stage t;
    odd_process odd(t);
    BOOST_CHECK_EQUAL(odd.acquire(1, {}), "done");
    t.sql().query("UPDATE colock.lock SET holders[1].ends = colock.now() + 3600000000 WHERE namespace = $1",
                  {t.name_space()});
    const auto left = [&] {
        return t.sql().number("SELECT holders[1].ends - colock.now() FROM colock.lock WHERE namespace = $1",
                              {t.name_space()});
    };
    BOOST_CHECK_EQUAL(odd.unrenewed(1), 0);
    BOOST_CHECK_GT(left(), 3'500'000'000);
    t.sql().query("UPDATE colock.lock SET holders[1].ends = colock.now() + 10000000 WHERE namespace = $1",
                  {t.name_space()});
    BOOST_CHECK_EQUAL(odd.unrenewed(1), 0);
    BOOST_CHECK_GT(left(), 25'000'000);
    BOOST_CHECK_LE(left(), 30'000'000);
}

// Of those that it says wait, it is told which do not.
BOOST_AUTO_TEST_CASE(W2_a_process_is_told_which_of_its_calls_have_lost_their_places) {
    stage t;
    odd_process odd(t);
    const auto held = t.s.now(t.s.locks->acquire("a"));
    BOOST_CHECK_EQUAL(odd.acquire(1, {}), "queued");
    const auto missing = [&] {
        return t.sql().text(
            "SELECT coalesce(string_agg(number::text, ' ' ORDER BY number), '') FROM "
            "colock.tick($1, 7, colock.now() + 1000000, true, NULL, '{}', '{}', '{}', '{1,2}', "
            "'{a}') WHERE what = 'missing'",
            {t.name_space()});
    };
    BOOST_CHECK_EQUAL(missing(), "2");
    t.sql().query("UPDATE colock.process SET alive_until = colock.now() - 1 WHERE namespace = $1",
                  {t.name_space()});
    BOOST_CHECK_EQUAL(missing(), "1 2");
    BOOST_CHECK(t.s.now(t.s.locks->release(held)));
}

// Also while nobody has noticed yet that it ran out.
BOOST_AUTO_TEST_CASE(O4_L3_what_has_expired_is_neither_released_nor_extended_nor_renewed) {
    stage t;
    odd_process odd(t);
    const auto run_out = [&] {
        t.sql().query("UPDATE colock.lock SET holders[1].ends = colock.now() - 1 WHERE namespace = $1",
                      {t.name_space()});
    };
    for (const std::string keys : {"{a}", "{a,b}"}) {
        const int number = keys == "{a}" ? 1 : 2;
        for (const bool by_id : {true, false}) {
            BOOST_CHECK_EQUAL(odd.acquire(number, {.owner = "me", .keys = keys}), "done");
            run_out();
            BOOST_CHECK_EQUAL(odd.count("release($1, 7, $2, 1, '', colock.now() + 1000000, $3::bool, 'me', "
                                        "$4::bytea[])",
                                        {t.name_space(), std::to_string(number), by_id ? "t" : "f", keys}),
                              0);
        }
        BOOST_CHECK_EQUAL(odd.acquire(number, {.owner = "me", .keys = keys}), "done");
        run_out();
        BOOST_CHECK_EQUAL(odd.extend(number, 3'600'000'000, {.keys = keys}), "gone");
        BOOST_CHECK_EQUAL(odd.acquire(number, {.owner = "me", .keys = keys}), "done");
        run_out();
        BOOST_CHECK_EQUAL(odd.unrenewed(number), 1);
        BOOST_CHECK(t.s.is_free(colock::keys("a", "b")));
    }
}

BOOST_AUTO_TEST_SUITE_END()
