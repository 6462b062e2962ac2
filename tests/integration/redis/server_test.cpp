// The server stops, dies, forgets, and breaks off connections.
#include "stage.hpp"

#include "redis/scripts.hpp"

BOOST_AUTO_TEST_SUITE(server)

using namespace colock_test;

const stage::options with_data{
    .query = "connect_timeout=5s", .own_server = true, .server_options = {.append_only = true}};
const stage::options alone{.query = "connect_timeout=5s", .own_server = true};

BOOST_AUTO_TEST_CASE(T2_a_restart_with_its_data_loses_nothing) {
    stage t(with_data);
    auto held = t.s.now(t.s.locks->lock("a", {.expire = 10s}));
    const auto granted = t.s.now(t.s.locks->acquire("b", {.owner = "me", .expire = 1h}));
    auto waiting = t.s.queue(t.s.locks->lock("a", {.wait = forever}), "a");
    t.server().kill();
    t.server().start();
    t.s.until([&] { return t.s.waiters("a") == 1; }, "the service had come back");
    BOOST_CHECK(!held.lost());
    const auto again = t.s.now(t.s.locks->acquire("b", {.owner = "me"}));
    BOOST_CHECK(again.id() == granted.id());
    BOOST_CHECK(t.s.now(held.release()));
    auto next = t.s.finish(waiting);
    BOOST_CHECK_GT(next.token(), granted.token());
    BOOST_CHECK(t.s.now(t.s.locks->release(granted)));
}

BOOST_AUTO_TEST_CASE(T2_a_restart_without_data_tells_holders_and_queues_waiters_again) {
    stage t(alone);
    auto held = t.s.now(t.s.locks->lock("a", {.expire = 1h})); // it is not its time that tells
    auto told = t.s.start(held.wait_lost());
    const auto granted = t.s.now(t.s.locks->acquire("b", {.owner = "me", .expire = 1h}));
    const auto job = [] { return endless(); };
    auto running = t.s.start(t.s.locks->execute("c", job, {.timeout = forever, .expire = 1h}));
    t.s.until([&] { return !t.s.is_free("c"); }, "the job had its lock");
    auto waiting = t.s.queue(t.s.locks->lock(keys("a", "b"), {.wait = forever}), "b");
    t.server().kill();
    t.server().start();
    BOOST_CHECK(!t.s.error_of(told));
    BOOST_CHECK(t.s.error_of(running) == errc::lease_lost);
    auto next = t.s.finish(waiting);
    BOOST_CHECK_GT(next.token(), held.token());
    BOOST_CHECK_GT(next.token(), granted.token());
    BOOST_CHECK(!t.s.now(t.s.locks->release(granted)));
    BOOST_CHECK(!t.s.now(held.release()));
    BOOST_CHECK(!next.lost());
}

BOOST_AUTO_TEST_CASE(T2_tokens_grow_through_FLUSHALL) {
    stage t(alone);
    std::uint64_t last = 0;
    for (int i = 0; i < 5; ++i) {
        const auto granted = t.s.now(t.s.locks->acquire("b"));
        BOOST_CHECK_GT(granted.token(), last);
        last = granted.token();
        t.server().connect().command({"FLUSHALL"});
    }
    auto held = t.s.now(t.s.locks->lock("a", {.expire = 600ms}));
    BOOST_CHECK_GT(held.token(), last);
    last = held.token();
    auto waiting = t.s.queue(t.s.locks->lock("a", {.wait = forever}), "a");
    t.server().connect().command({"FLUSHALL"});
    BOOST_CHECK(!t.s.error_of(held.wait_lost()));
    auto next = t.s.finish(waiting); // nobody tells it, but it looks again
    BOOST_CHECK_GT(next.token(), last);
    BOOST_CHECK(t.s.now(next.release()));
}

BOOST_AUTO_TEST_CASE(a_paused_server_only_costs_time) {
    stage t(alone);
    auto held = t.s.now(t.s.locks->lock("a", {.expire = 5s}));
    auto waiting = t.s.queue(t.s.locks->lock("a", {.wait = forever}), "a");
    const auto before = time::now();
    t.server().connect().command({"CLIENT", "PAUSE", "300", "ALL"});
    auto other = t.s.start(t.s.locks->acquire("b", {.owner = "me"}));
    auto releasing = t.s.start(held.release());
    BOOST_CHECK(t.s.finish(releasing));
    BOOST_CHECK(t.s.finish(waiting));
    BOOST_CHECK(t.s.finish(other));
    BOOST_CHECK(time::now() - before >= 290ms);
}

BOOST_AUTO_TEST_CASE(scripts_that_were_forgotten_are_loaded_again) {
    stage t(alone);
    auto redis = t.server().connect();
    for (int i = 0; i < 3; ++i) {
        auto held = t.s.now(t.s.locks->lock("a"));
        redis.command({"SCRIPT", "FLUSH"});
        auto waiting = t.s.queue(t.s.locks->lock("a", {.wait = forever}), "a");
        redis.command({"SCRIPT", "FLUSH"});
        BOOST_CHECK(t.s.now(held.release()));
        auto next = t.s.finish(waiting);
        redis.command({"SCRIPT", "FLUSH"});
        BOOST_CHECK(t.s.now(next.release()));
        redis.command({"SCRIPT", "FLUSH"});
        BOOST_CHECK_EQUAL(t.s.now(t.s.locks->release_all()), 0u);
    }
}

BOOST_AUTO_TEST_CASE(connections_that_the_server_breaks_off_come_back) {
    stage t(alone);
    auto redis = t.server().connect();
    for (int i = 0; i < 6; ++i) {
        auto held = t.s.now(t.s.locks->lock("a"));
        auto waiting = t.s.queue(t.s.locks->lock("a", {.wait = forever}), "a");
        t.s.until([&] { return !redis.clients(true).empty() && !redis.clients(false).empty(); },
                  "both connections were there");
        for (const bool subscribed : {true, false})
            if (subscribed ? i % 3 != 1 : i % 3 != 0)
                for (const auto& id : redis.clients(subscribed))
                    redis.command({"CLIENT", "KILL", "ID", id});
        BOOST_CHECK(t.s.now(held.release()));
        const auto before = time::now();
        auto next = t.s.finish(waiting);
        BOOST_CHECK(time::now() - before < 2s + slack(before));
        BOOST_CHECK(t.s.now(next.release()));
    }
    t.s.until([&] { return t.is_clean(); }, "nothing was left");
}

BOOST_AUTO_TEST_CASE(W2_waiting_asks_little) {
    stage t(alone);
    const auto held = t.s.now(t.s.locks->lock("a", {.expire = 30s}));
    std::vector<started<colock::guard>> waiting;
    for (int i = 0; i < 20; ++i)
        waiting.push_back(t.s.start(t.s.locks->lock("a", {.wait = forever})));
    t.s.until([&] { return t.s.waiters("a") == 20; }, "20 calls were queued");
    auto redis = t.server().connect();
    const auto before = redis.commands_processed();
    t.s.pass(3s);
    const auto asked = redis.commands_processed() - before;
    BOOST_TEST_MESSAGE(asked << " commands in 3 s");
    BOOST_CHECK_LT(asked, 200); // 20 callers that poll at 20 ms would be 3000
}

// A server that stands still is not sent all that is asked of it meanwhile: what was given up before it could
// be sent never is, and needs nothing to take it back.
BOOST_AUTO_TEST_CASE(W3_what_was_given_up_before_it_was_sent_is_never_sent) {
    stage t(alone);
    t.s.now(t.s.now(t.s.locks->lock("a")).release()); // connected
    constexpr int calls = 5000;
    t.server().stop();
    std::vector<started<colock::guard>> all;
    for (int i = 0; i < calls; ++i)
        all.push_back(
            colock_test::start(t.s.io.get_executor(), t.s.locks->lock("a", {.wait = slowness * 300ms})));
    for (auto& call : all)
        BOOST_CHECK(t.s.error_of(call) == errc::provider_unavailable);
    t.server().resume();
    auto redis = t.server().connect();
    const auto before = redis.number({"CLIENT", "ID"}); // it answers
    BOOST_CHECK_GT(before, 0);
    t.s.now(t.s.now(t.s.locks->lock("a")).release()); // after all else
    const auto stats = redis.command({"INFO", "commandstats"}).text;
    const std::string name = "cmdstat_evalsha:calls=";
    const auto scripts = std::stol(stats.substr(stats.find(name) + name.size()));
    BOOST_TEST_MESSAGE(scripts << " scripts");
    BOOST_CHECK_GT(scripts, 1000);      // as many as may be on their way
    BOOST_CHECK_LT(scripts, calls / 2); // each of those was taken back
    t.s.until_empty();
    BOOST_CHECK(t.is_clean());
}

// A message that was held up for long says what nobody meant any more.
BOOST_AUTO_TEST_CASE(R3_what_comes_late_is_refused_and_sent_again_if_it_is_still_wanted) {
    stage t(alone);
    const auto granted = t.s.now(t.s.locks->acquire("a", {.owner = "me", .expire = 1h}));
    auto redis = t.server().connect();
    std::string locks;
    for (const std::string& key : redis.keys())
        if (key.ends_with(":locks"))
            locks = key;
    const std::string id = "00000000000000aa.1";
    const auto evaluate = [&](colock::redis::script_id which, std::vector<std::string> arguments) {
        const auto& script = colock::redis::get(which);
        std::vector<std::string> words{"EVALSHA", std::string(script.sha), "1", locks, id,
                                       "1000000"}; // of 1970
        words.insert(words.end(), arguments.begin(), arguments.end());
        return redis.command(words).list.at(0).text;
    };
    using colock::redis::script_id;
    BOOST_CHECK_EQUAL(evaluate(script_id::extend, {"", "1", "a"}), "l");
    BOOST_CHECK_EQUAL(evaluate(script_id::release, {"n", "me", "1", "a"}), "l");
    BOOST_CHECK_EQUAL(evaluate(script_id::release_all, {"", "me", "0", "0"}), "l");
    BOOST_CHECK_EQUAL(evaluate(script_id::acquire, {"X0", "0", "me", "1 -1 9", "a"}), "l");
    BOOST_CHECK_EQUAL(evaluate(script_id::acquire, {"X0", "0", "me", "1 -1 9", "b"}), "l");
    BOOST_CHECK(t.s.is_free("b"));
    const auto extended = t.s.now(t.s.locks->extend(granted, 2h));
    BOOST_CHECK(extended.id() == granted.id());
    BOOST_CHECK(t.s.now(t.s.locks->release(extended)));
}

BOOST_AUTO_TEST_SUITE_END()
