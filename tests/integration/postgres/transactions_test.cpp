// The lock within the user's own transaction: who is stale cannot commit.
#include "stage.hpp"

#include <colock/postgres_transaction.hpp>

BOOST_AUTO_TEST_SUITE(transactions)

using namespace colock_test;
namespace pg = colock::postgres;

const std::vector<std::string> levels{"read committed", "repeatable read", "serializable"};

/// What the locks protect, in the same database.
struct ledger {
    explicit ledger(stage& t) : user(t.server().connect()), where{.name_space = t.name_space()} {
        user.query("CREATE TABLE IF NOT EXISTS ledger (n int); TRUNCATE ledger");
    }
    void begin(const std::string& level = "read committed") { user.query("BEGIN ISOLATION LEVEL " + level); }
    void write() { user.query("INSERT INTO ledger VALUES (1)"); }
    long long written() { return user.number("SELECT count(*) FROM ledger"); }

    postgres_client user;
    const pg::location where;
};

/// The error code that a call throws.
template<class Function>
boost::system::error_code code_of(Function f) {
    try {
        f();
    } catch (const boost::system::system_error& e) {
        return e.code();
    }
    return {};
}

BOOST_AUTO_TEST_CASE(a_holder_writes_and_a_stale_one_does_not) {
    stage t;
    ledger data(t);
    for (const auto& level : levels) {
        data.user.query("TRUNCATE ledger");
        const auto stale = t.s.now(t.s.locks->acquire(keys("a", "b"), {.expire = 1h}));
        data.begin(level);
        pg::verify(data.user.native(), stale, data.where);
        data.write();
        data.user.query("COMMIT");
        BOOST_CHECK_EQUAL(data.written(), 1);

        BOOST_CHECK(t.s.now(t.s.locks->release(stale)));
        const auto holder = t.s.now(t.s.locks->acquire("a", {.expire = 1h}));
        data.begin(level);
        BOOST_CHECK_EQUAL(code_of([&] { pg::verify(data.user.native(), stale, data.where); }),
                          make_error_code(errc::lease_lost));
        BOOST_CHECK_THROW(data.write(), postgres_error); // the transaction has failed
        BOOST_CHECK(data.user.query("COMMIT").empty());
        BOOST_CHECK_EQUAL(data.written(), 1);
        BOOST_CHECK(t.s.now(t.s.locks->release(holder)));
    }
}

// The snapshot is older than the loss: it must not pass for the present.
BOOST_AUTO_TEST_CASE(a_snapshot_of_when_the_lock_was_held_does_not_help) {
    stage t;
    ledger data(t);
    for (const auto& level : levels) {
        const auto stale = t.s.now(t.s.locks->acquire("a", {.expire = 1h}));
        data.begin(level);
        BOOST_CHECK_EQUAL(data.written(), 0); // now there is a snapshot
        BOOST_CHECK(t.s.now(t.s.locks->release(stale)));
        const auto holder = t.s.now(t.s.locks->acquire("a", {.expire = 1h}));
        BOOST_CHECK(code_of([&] { pg::verify(data.user.native(), stale, data.where); }));
        BOOST_CHECK_THROW(data.write(), postgres_error);
        data.user.query("ROLLBACK");
        BOOST_CHECK_EQUAL(data.written(), 0);
        BOOST_CHECK(t.s.now(t.s.locks->release(holder)));
    }
}

BOOST_AUTO_TEST_CASE(a_lease_that_runs_out_in_a_verified_transaction_is_granted_to_nobody) {
    stage t;
    ledger data(t);
    for (const auto& level : levels) {
        for (const std::string end : {"COMMIT", "ROLLBACK"}) {
            data.user.query("TRUNCATE ledger");
            const auto held = t.s.now(t.s.locks->acquire("a", {.expire = 400ms}));
            auto waiting = t.s.queue(t.s.locks->lock("a", {.wait = forever}), "a");
            data.begin(level);
            pg::verify(data.user.native(), held, data.where);
            t.s.pass(700ms);
            BOOST_CHECK(!waiting.done());
            BOOST_CHECK(!t.s.now(t.s.locks->try_lock("a")));
            data.write();
            data.user.query(end);
            const auto before = time::now();
            auto next = t.s.finish(waiting);
            BOOST_CHECK(time::now() - before < 50ms + slack(before));
            BOOST_CHECK_GT(next.token(), held.token());
            BOOST_CHECK_EQUAL(data.written(), end == "COMMIT" ? 1 : 0);
            BOOST_CHECK(t.s.now(next.release()));
        }
    }
}

// Also one that was verified, released by somebody else, and then would be granted.
BOOST_AUTO_TEST_CASE(a_verified_lock_that_is_broken_is_granted_to_nobody_either) {
    stage t;
    ledger data(t);
    const auto held = t.s.now(t.s.locks->acquire("a", {.expire = 1h}));
    data.begin();
    pg::verify(data.user.native(), held, data.where);
    auto broken = t.s.start(t.s.locks->release_all());
    t.s.pass(100ms);
    BOOST_CHECK(!t.s.now(t.s.locks->try_lock("a")));
    data.write();
    data.user.query("COMMIT");
    BOOST_CHECK_EQUAL(t.s.finish(broken), 1u);
    BOOST_CHECK(t.s.is_free("a"));
}

BOOST_AUTO_TEST_CASE(verify_refuses_other_tokens_keys_and_owners_of_nothing) {
    stage t;
    ledger data(t);
    const auto held = t.s.now(t.s.locks->acquire(keys("a", "b"), {.owner = "me", .expire = 1h}));
    const auto fails = [&](const std::string& keys, long long token) {
        try {
            data.user.query("SELECT colock.verify($1, $2::bytea[], $3)",
                            {t.name_space(), keys, std::to_string(token)});
        } catch (const postgres_error& e) {
            BOOST_CHECK(contains(e.what(), "stale lock"));
            return e.sqlstate == "CL001";
        }
        return false;
    };
    const auto token = static_cast<long long>(held.token());
    BOOST_CHECK(!fails("{a,b}", token));
    BOOST_CHECK(!fails("{b}", token));
    BOOST_CHECK(fails("{a,b}", token + 1));
    BOOST_CHECK(fails("{a,b}", token - 1));
    BOOST_CHECK(fails("{a,c}", token));
    BOOST_CHECK_EQUAL(code_of([&] { static_cast<void>(pg::verify_statement({}, data.where)); }),
                      make_error_code(errc::invalid_argument));
    // It is the same hold after the owner has acquired again.
    const auto again = t.s.now(t.s.locks->acquire(keys("a", "b"), {.owner = "me"}));
    data.begin();
    pg::verify(data.user.native(), again, data.where);
    pg::verify(data.user.native(), held, data.where);
    data.user.query("COMMIT");
    BOOST_CHECK(t.s.now(t.s.locks->release(held)));
}

// Also while nobody has noticed yet that it ran out.
BOOST_AUTO_TEST_CASE(verify_refuses_what_has_expired) {
    stage t;
    ledger data(t);
    colock::grant held;
    {
        const auto other = t.straight();
        held = t.s.now(other->acquire("a", {.expire = 500ms}));
        data.begin();
        pg::verify(data.user.native(), held, data.where);
        data.user.query("COMMIT");
    }
    t.s.pass(600ms);
    BOOST_CHECK_EQUAL(t.rows("lock", "holders <> '{}'"), 1); // or it did not test anything
    data.begin();
    BOOST_CHECK_EQUAL(code_of([&] { pg::verify(data.user.native(), held, data.where); }),
                      make_error_code(errc::lease_lost));
    data.user.query("ROLLBACK");
}

BOOST_AUTO_TEST_CASE(take_excludes_acquire_and_take_until_the_transaction_ends) {
    stage t;
    ledger data(t);
    auto other = t.server().connect();
    for (const std::string end : {"COMMIT", "ROLLBACK"}) {
        const auto before = t.s.now(t.s.locks->acquire("z"));
        data.begin();
        const auto token = pg::take(data.user.native(), keys("a", "b"), data.where);
        BOOST_CHECK_GT(token, before.token());
        const auto again = pg::take(data.user.native(), "a", data.where); // it is its own
        BOOST_CHECK_GT(again, token);
        other.query("BEGIN");
        BOOST_CHECK_EQUAL(code_of([&] { (void)pg::take(other.native(), keys("b", "c"), data.where); }),
                          make_error_code(errc::already_locked));
        other.query("ROLLBACK");
        BOOST_CHECK(!t.s.now(t.s.locks->try_lock("a")));
        BOOST_CHECK(!t.s.now(t.s.locks->try_lock(keys("0", "b"), {.mode = colock::lock_mode::shared})));
        BOOST_CHECK(t.s.is_free("0") && t.s.is_free("c")); // nothing of it stays
        auto waiting = t.s.queue(t.s.locks->lock(keys("a", "b"), {.wait = forever}), "a");
        BOOST_CHECK(!waiting.done());
        data.user.query(end);
        const auto freed = time::now();
        auto next = t.s.finish(waiting);
        BOOST_CHECK(time::now() - freed < 50ms + slack(freed));
        BOOST_CHECK_GT(next.token(), again);
        // And the other way round: it is held, or waited for.
        data.begin();
        BOOST_CHECK_EQUAL(code_of([&] { (void)pg::take(data.user.native(), "b", data.where); }),
                          make_error_code(errc::already_locked));
        data.user.query("ROLLBACK");
        BOOST_CHECK(t.s.now(next.release()));
        BOOST_CHECK(t.s.now(t.s.locks->release(before)));
    }
}

// A key of a call that waits for another one, too.
BOOST_AUTO_TEST_CASE(O3_take_does_not_overtake_who_waits) {
    stage t;
    ledger data(t);
    auto held = t.s.now(t.s.locks->lock("b"));
    auto waiting = t.s.queue(t.s.locks->lock(keys("a", "b"), {.wait = forever}), "a");
    data.begin();
    BOOST_CHECK_EQUAL(code_of([&] { (void)pg::take(data.user.native(), "a", data.where); }),
                      make_error_code(errc::already_locked));
    data.user.query("ROLLBACK");
    BOOST_CHECK(t.s.now(held.release()));
    BOOST_CHECK(t.s.now(t.s.finish(waiting).release()));
    data.begin();
    BOOST_CHECK_GT(pg::take(data.user.native(), "a", data.where), held.token());
    data.user.query("ROLLBACK");
}

BOOST_AUTO_TEST_CASE(take_takes_what_has_expired_and_wants_read_committed) {
    stage t;
    ledger data(t);
    const auto held = t.s.now(t.s.locks->acquire("a", {.expire = 20ms}));
    t.s.pass(40ms);
    data.begin();
    BOOST_CHECK_GT(pg::take(data.user.native(), "a", data.where), held.token());
    data.user.query("ROLLBACK");
    for (const auto* level : {"repeatable read", "serializable"}) {
        data.begin(level);
        try {
            (void)pg::take(data.user.native(), "a", data.where);
            BOOST_ERROR("it should have failed");
        } catch (const colock::lock_error& e) {
            BOOST_CHECK_EQUAL(e.code(), make_error_code(errc::provider_unavailable));
            BOOST_CHECK(contains(e.what(), "read committed"));
        }
        data.user.query("ROLLBACK");
    }
}

BOOST_AUTO_TEST_CASE(what_a_killed_session_has_taken_is_free) {
    stage t;
    ledger data(t);
    auto user = t.server().connect();
    user.query("BEGIN");
    (void)pg::take(user.native(), "a", data.where);
    const auto held = t.s.now(t.s.locks->acquire("b", {.expire = 300ms}));
    pg::verify(user.native(), held, data.where);
    auto waiting = t.s.queue(t.s.locks->lock(keys("a", "b"), {.wait = forever}), "b");
    t.s.pass(400ms);
    BOOST_CHECK(!waiting.done());
    t.sql().terminate("pid = " + std::to_string(user.process()));
    BOOST_CHECK(t.s.now(t.s.finish(waiting).release()));
}

BOOST_AUTO_TEST_CASE(statements_for_any_client) {
    stage t;
    ledger data(t);
    const std::string odd("\0'\"\\{},\xff", 8);
    const auto held = t.s.now(t.s.locks->acquire(keys(odd, "plain"), {.expire = 1h}));
    const auto ask = [&](const pg::statement& what) {
        return data.user.query(what.text,
                               std::vector<std::string>(what.parameters.begin(),
                                                        what.parameters.begin() + what.parameter_count));
    };
    BOOST_CHECK_EQUAL(ask(pg::verify_statement(held, data.where)).size(), 1u);
    BOOST_CHECK(t.s.now(t.s.locks->release(held)));
    BOOST_CHECK_THROW(ask(pg::verify_statement(held, data.where)), postgres_error);
    BOOST_CHECK_GT(std::stoull(ask(pg::take_statement(keys(odd), data.where)).at(0).at(0).value()),
                   held.token());
    BOOST_CHECK_EQUAL(code_of([&] { (void)pg::take_statement("a", {.schema = "a b"}); }),
                      make_error_code(errc::invalid_argument));
}

BOOST_AUTO_TEST_SUITE_END()
