// From within: a wait that is decided before its coroutine has suspended, which no caller can force.
#include "fixture.hpp"

#include "memory/waiter.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <thread>

BOOST_AUTO_TEST_SUITE(waiter)

using namespace colock_test;
using colock::attempt;
using colock::forever;

namespace {

struct scene {
    std::shared_ptr<colock::memory::lock_table> table =
        std::make_shared<colock::memory::lock_table>(100, nullptr);
    const colock::key_set key{"k"};
    const colock::lock_request at_once{.keys = key, .scoped = true};
    const colock::lock_request patient{.keys = key, .scoped = true, .wait = forever};
    boost::system::error_code error;
    colock::acquisition held;
    colock::acquisition granted;

    scene() { BOOST_REQUIRE(table->begin(at_once, held, error, nullptr) == attempt::granted); }

    void queue(colock::memory::waiting_room& room) {
        BOOST_REQUIRE(table->begin(patient, granted, error, &room) == attempt::undecided);
        BOOST_CHECK_EQUAL(table->statistics().waiting, 1);
    }

    void check_free() {
        BOOST_CHECK_EQUAL(table->statistics().held, 0);
        BOOST_CHECK_EQUAL(table->statistics().waiting, 0);
    }
};

asio::awaitable<void> wait(colock::memory::waiting_room& room) {
    co_await room->suspended();
    room->take();
}

} // namespace

BOOST_AUTO_TEST_CASE(W4_granted_before_it_suspends) {
    scene s;
    asio::io_context io;
    {
        colock::memory::waiting_room room;
        s.queue(room);
        s.held.held->drop();
        BOOST_REQUIRE(s.granted.held);
        auto waiting = start(io.get_executor(), wait(room));
        io.run();
        waiting.get();
        BOOST_CHECK(!s.error);
    }
    s.granted.held->drop();
    s.check_free();
}

BOOST_AUTO_TEST_CASE(W4_granted_and_never_suspended) {
    scene s;
    {
        colock::memory::waiting_room room;
        s.queue(room);
        s.held.held->drop();
    }
    s.check_free();
}

// An owner's grant has no hold that could be dropped: it is given back by what was queued.
BOOST_AUTO_TEST_CASE(W4_granted_to_an_owner_and_never_suspended) {
    scene s;
    const colock::lock_request owners{.keys = s.key, .owner = "me", .wait = forever};
    {
        colock::memory::waiting_room room;
        BOOST_REQUIRE(s.table->begin(owners, s.granted, s.error, &room) == attempt::undecided);
        s.held.held->drop();
        BOOST_CHECK_EQUAL(s.table->statistics().held, 1);
    }
    s.check_free();
}

BOOST_AUTO_TEST_CASE(W4_queued_and_never_suspended) {
    scene s;
    {
        colock::memory::waiting_room room;
        s.queue(room);
    }
    BOOST_CHECK_EQUAL(s.table->statistics().waiting, 0);
    BOOST_CHECK(s.error == asio::error::operation_aborted);
    s.held.held->drop();
    s.check_free();
}

// The grant comes from another thread while the coroutine is about to suspend, or to give up.
BOOST_AUTO_TEST_CASE(W4_granted_while_it_suspends) {
    for (int i = 0; i < 3000; ++i) {
        scene s;
        asio::io_context io;
        std::atomic<bool> go{false};
        std::thread holder;
        {
            colock::memory::waiting_room room;
            s.queue(room);
            holder = std::thread([&] {
                go = true;
                s.held.held->drop();
            });
            while (!go) {
            }
            if (i % 2 == 0) {
                auto waiting = start(io.get_executor(), wait(room));
                io.run();
                waiting.get();
                BOOST_REQUIRE(!s.error);
                s.granted.held->drop();
            }
        }
        holder.join();
        s.check_free();
    }
}

BOOST_AUTO_TEST_SUITE_END()
