#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(observing)

using namespace colock_test;
using colock::forever;

class recorder final : public colock::observer {
public:
    void on_event(const colock::lock_event& e) noexcept override {
        std::ostringstream line;
        line << to_string(e.kind) << ' ' << e.key;
        if (!e.owner.empty())
            line << " by " << e.owner;
        if (e.elapsed != colock::duration::zero())
            line << " after " << e.elapsed / 1ms;
        if (e.waiters != 0)
            line << " before " << e.waiters;
        lines.push_back(line.str());
    }
    std::vector<std::string> take() { return std::exchange(lines, {}); }
    std::vector<std::string> lines;
};

struct observed : world {
    observed() { locks->set_observer(seen); }
    void check(std::vector<std::string> expected) {
        BOOST_TEST(seen->take() == expected, boost::test_tools::per_element());
    }
    std::shared_ptr<recorder> seen = std::make_shared<recorder>();
};

BOOST_AUTO_TEST_CASE(the_life_of_a_lock) {
    observed w;
    const auto held = w.now(w.locks->acquire("a", {.owner = "me", .expire = 10s}));
    w.check({"granted a by me"});
    w.now(w.locks->acquire("a", {.owner = "me", .expire = 10s}));
    w.now(w.locks->extend(held, 10s));
    w.check({"renewed a by me", "renewed a by me"});
    (void)w.now(w.locks->try_lock("a"));
    w.check({"refused a"});
    auto one = w.start(w.locks->acquire("a", {.owner = "you", .wait = 1s}));
    auto two = w.start(w.locks->lock("a", {.wait = forever}));
    auto three = w.start(w.locks->lock("a", {.wait = forever}));
    w.check({"queued a by you before 1", "queued a before 2", "queued a before 3"});
    w.advance(1s);
    w.check({"timed_out a by you after 1000 before 2"});
    three.cancel();
    w.run();
    w.check({"cancelled a after 1000 before 1"});
    w.now(w.locks->release(held));
    w.run();
    w.check({"released a by me after 1000 before 1", "granted a after 1000"});
    two.get().reset();
    w.check({"released a"});
    w.now(w.locks->acquire("b", {.expire = 2s}));
    w.advance(2s);
    w.check({"granted b", "expired b after 2000"});
    w.now(w.locks->acquire("c"));
    w.now(w.locks->release_all());
    w.check({"granted c", "revoked c"});
}

BOOST_AUTO_TEST_CASE(every_key_of_a_call_is_told_of) {
    observed w;
    { const auto held = w.now(w.locks->lock(colock::keys("b", "a"))); }
    w.check({"granted a", "granted b", "released a", "released b"});
}

BOOST_AUTO_TEST_CASE(an_observer_may_call_the_library) {
    class counting final : public colock::observer {
    public:
        void on_event(const colock::lock_event& e) noexcept override {
            if (e.kind == colock::lock_event_kind::granted && e.key == "a")
                nested = memory->try_lock("b").has_value();
        }
        colock::memory_provider* memory = nullptr;
        bool nested = false;
    };
    world w;
    const auto seen = std::make_shared<counting>();
    seen->memory = w.memory;
    w.locks->set_observer(seen);
    const auto held = w.now(w.locks->lock("a"));
    BOOST_CHECK(seen->nested);
}

BOOST_AUTO_TEST_CASE(a_provider_added_later_is_observed_too) {
    observed w;
    w.locks->add_provider("late", std::make_unique<colock::memory_provider>());
    w.now(w.locks->acquire("a", {.provider = "late"}));
    w.check({"granted a"});
    w.locks->set_observer(nullptr);
    w.now(w.locks->acquire("b", {.provider = "late"}));
    w.check({});
}

BOOST_AUTO_TEST_CASE(statistics) {
    world w({.max_waiters = 1});
    const auto held = w.now(w.locks->acquire("a", {.owner = "me"}));
    (void)w.now(w.locks->try_lock("a"));
    auto late = w.start(w.locks->lock("a", {.wait = 1s}));
    auto refused = w.start(w.locks->lock("a", {.wait = 1s}));
    auto s = w.memory->statistics();
    BOOST_CHECK_EQUAL(s.waiting, 1u);
    BOOST_CHECK_EQUAL(s.held, 1u);
    w.advance(1s);
    auto cancelled = w.start(w.locks->lock("a"));
    cancelled.cancel();
    w.run();
    w.now(w.locks->release(held));
    w.now(w.locks->acquire("b", {.expire = 1s}));
    w.advance(1s);
    w.now(w.locks->acquire("c"));
    w.now(w.locks->release_all());
    s = w.memory->statistics();
    BOOST_CHECK_EQUAL(s.granted, 3u);
    BOOST_CHECK_EQUAL(s.queued, 2u);
    BOOST_CHECK_EQUAL(s.refused, 2u);
    BOOST_CHECK_EQUAL(s.timed_out, 1u);
    BOOST_CHECK_EQUAL(s.cancelled, 1u);
    BOOST_CHECK_EQUAL(s.released, 1u);
    BOOST_CHECK_EQUAL(s.expired, 1u);
    BOOST_CHECK_EQUAL(s.revoked, 1u);
    BOOST_CHECK_EQUAL(s.held, 0u);
    BOOST_CHECK_EQUAL(s.waiting, 0u);
}

BOOST_AUTO_TEST_SUITE_END()
