#include "remote/engine.hpp"

#include "fixture.hpp"

#include <boost/asio/strand.hpp>
#include <boost/test/unit_test.hpp>

#include <vector>

BOOST_AUTO_TEST_SUITE(engine_)

using namespace colock_test;
using namespace colock::remote;

/// A connection on which the test sees what is written, and answers it.
struct noting_link final : link {
    void open() override {}
    void send(const operation_ptr& what) override { written.push_back(what); }
    void flush() override {}
    void close() noexcept override {}
    std::vector<operation_ptr> written;
};

struct engine_scene {
    engine_scene() {
        auto commands = std::make_unique<noting_link>();
        line = commands.get();
        core->use(std::move(commands), std::make_unique<noting_link>());
    }
    void run() {
        io.restart();
        io.poll();
    }
    started<colock::acquisition> acquire(const colock::lock_request& request) {
        auto call = start(io.get_executor(), core->acquire(request));
        run();
        return call;
    }
    void connect() {
        core->commands()->opened();
        core->on_connected();
        run();
    }
    /// The last operation that was written, which must be of that kind.
    template<class Step>
    const Step& last() {
        BOOST_REQUIRE(!line->written.empty());
        const auto* const step = std::get_if<Step>(&line->written.back()->what);
        BOOST_REQUIRE(step);
        return *step;
    }
    void answer(const operation_ptr& what, reply with) {
        core->commands()->answered(what, std::move(with));
        run();
    }

    asio::io_context io;
    std::shared_ptr<colock::manual_clock> clock = std::make_shared<colock::manual_clock>();
    std::shared_ptr<engine> core =
        std::make_shared<engine>(asio::make_strand(io.get_executor()), clock, engine_settings{});
    noting_link* line = nullptr;
    const colock::key_set keys{"a"};
};

reply granted_to(const operation& what, std::uint64_t token) {
    reply answer;
    answer.id = what.id;
    answer.token = token;
    answer.remaining = what.expire.value_or(colock::forever);
    return answer;
}

// The backend may have queued a call whose answer is still on its way: a process with such calls is alive.
BOOST_AUTO_TEST_CASE(W2_who_is_just_asking_counts_among_those_who_wait) {
    engine_scene s;
    auto call = s.acquire({.keys = s.keys, .wait = colock::forever});
    s.connect();
    BOOST_REQUIRE_EQUAL(s.line->written.size(), 2u);
    const auto tick = s.line->written.back();
    BOOST_CHECK(s.last<tick_step>().has_waiters);
    BOOST_CHECK(s.last<tick_step>().calls.empty());
    s.answer(s.line->written.front(), granted_to(*s.line->written.front(), 1));
    BOOST_CHECK_EQUAL(call.get().token, 1u);
    s.answer(tick, {});
    s.core->on_connected();
    s.run();
    BOOST_CHECK(!s.last<tick_step>().has_waiters);
    s.core->stop();
}

BOOST_AUTO_TEST_CASE(W2_who_does_not_want_to_wait_does_not) {
    engine_scene s;
    auto call = s.acquire({.keys = s.keys});
    s.connect();
    BOOST_CHECK(!s.last<tick_step>().has_waiters);
    s.core->stop();
    s.run();
    BOOST_CHECK(call.error() == errc::closed);
}

// After a restart the backend may have forgotten a lease: that is not to wait for its next renewal.
BOOST_AUTO_TEST_CASE(R6_connected_again_it_asks_for_its_leases_at_once) {
    engine_scene s;
    auto call = s.acquire({.keys = s.keys, .scoped = true, .expire = 1h});
    s.core->commands()->opened();
    s.run();
    s.answer(s.line->written.front(), granted_to(*s.line->written.front(), 1));
    auto* const held = call.get().held;
    BOOST_REQUIRE(held);
    const auto first = s.line->written.back(); // the first grant brings a tick
    BOOST_CHECK(s.last<tick_step>().renewals.empty());
    s.answer(first, {});

    s.core->commands()->broken(asio::error::connection_reset, {});
    s.core->on_connected();
    s.core->commands()->opened();
    s.run();
    BOOST_REQUIRE_EQUAL(s.last<tick_step>().renewals.size(), 1u);
    reply forgotten;
    forgotten.lost.push_back(call.get().id.number);
    s.answer(s.line->written.back(), forgotten);
    BOOST_CHECK(held->state() == colock::loss::revoked);
    held->drop();
    s.core->stop();
}

BOOST_AUTO_TEST_CASE(R3_an_extension_that_came_too_late_is_asked_for_again) {
    engine_scene s;
    const auto work = s.core->make_errand(extend_step{1h}, s.keys);
    auto call = start(s.io.get_executor(), s.core->carry_out(work));
    s.run();
    s.core->commands()->opened();
    s.run();
    reply late;
    late.what = verdict::late;
    s.answer(work, late);
    BOOST_CHECK(!call.done());
    BOOST_CHECK_EQUAL(work->tries, 2u);
    s.answer(work, {});
    BOOST_REQUIRE(call.done());
    BOOST_CHECK(call.get().what == verdict::done);
    s.core->stop();
}

// But what gives back goes on without its caller.
BOOST_AUTO_TEST_CASE(W4_a_question_that_is_cancelled_before_it_was_sent_is_never_sent) {
    engine_scene s;
    std::vector<started<reply>> calls;
    for (const step& what : {step(extend_step{1h}), step(list_step()), step(release_step())})
        calls.push_back(start(s.io.get_executor(), s.core->carry_out(s.core->make_errand(what, s.keys))));
    s.run();
    for (auto& call : calls)
        call.cancel();
    s.run();
    for (auto& call : calls)
        BOOST_CHECK(call.error() == asio::error::operation_aborted);
    s.core->commands()->opened();
    s.run();
    BOOST_REQUIRE_EQUAL(s.line->written.size(), 1u);
    (void)s.last<release_step>();
    s.core->stop();
}

BOOST_AUTO_TEST_SUITE_END()
