#include "../scene.hpp"
#include "../suite.hpp"

#include <algorithm>
#include <array>
#include <memory>

namespace colock::conformance {
namespace {

void Z1_close_refuses_and_ends_all_waits(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    const auto granted = s.now(s.locks->acquire("b"));
    auto lock = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    auto both = s.queue(s.locks->acquire(keys("a", "b"), {.wait = 1h}), "b");
    const auto nothing = [] {};
    auto job = s.queue(s.locks->execute("a", nothing, {.timeout = forever}), "a");
    s.now(s.locks->close());
    COLOCK_CHECK(s.error_of(lock) == errc::closed);
    COLOCK_CHECK(s.error_of(both) == errc::closed);
    COLOCK_CHECK(s.error_of(job) == errc::closed);
    COLOCK_CHECK(s.now(s.locks->release(granted)));
}

void Z1_after_close_only_releasing_and_listing_work(scene& s) {
    const auto granted = s.now(s.locks->acquire("b"));
    auto held = s.now(s.locks->lock("a"));
    s.now(s.locks->close());
    const auto nothing = [] {};
    COLOCK_CHECK(s.error_of(s.locks->acquire("c")) == errc::closed);
    COLOCK_CHECK(s.error_of(s.locks->lock("c")) == errc::closed);
    COLOCK_CHECK(s.error_of(s.locks->try_lock("c")) == errc::closed);
    COLOCK_CHECK(s.error_of(s.locks->execute("c", nothing)) == errc::closed);
    const auto all = s.now(s.locks->list());
    if (!s.who.lacks.has(feature::listing))
        COLOCK_CHECK(all.size() == 1 && all[0].key == "b"); // the guard's was taken back
    COLOCK_CHECK(!s.now(held.release()));
    COLOCK_CHECK(s.now(s.locks->release(granted)));
    COLOCK_CHECK(!s.now(s.locks->release(granted)));
    COLOCK_CHECK(s.now(s.locks->release_all()) == 0);
    s.now(s.locks->close()); // again
}

void Z1_close_tells_guards(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    auto told = s.start(held.wait_lost());
    COLOCK_CHECK(!held.lost());
    s.now(s.locks->close());
    COLOCK_CHECK(held.lost());
    COLOCK_CHECK(!s.error_of(told));
}

void Z1_close_waits_for_running_jobs(scene& s) {
    stubborn_job job;
    auto running = s.start(s.locks->execute("a", job, {.timeout = forever}));
    s.until([&] { return job.running() || running.done(); }, "the job ran");
    auto first = s.start(s.locks->close());
    auto second = s.start(s.locks->close());
    s.pass(s.unit);
    COLOCK_CHECK(!first.done() && !second.done());
    first.cancel();
    COLOCK_CHECK(s.error_of(first) == asio::error::operation_aborted);
    job.end();
    COLOCK_CHECK(s.finish(running) == 7);
    s.finish(second);
}

void Z2_waiters_of_a_destroyed_service_complete_with_closed(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    auto one = s.queue(s.locks->lock(keys("a", "b"), {.wait = forever}), "a");
    auto two = s.queue(s.locks->acquire("a", {.wait = 1h}), "a");
    const auto nothing = [] {};
    auto job = s.queue(s.locks->execute("a", nothing, {.timeout = forever}), "a");
    s.locks.reset();
    COLOCK_CHECK(s.error_of(one) == errc::closed);
    COLOCK_CHECK(s.error_of(two) == errc::closed);
    COLOCK_CHECK(s.error_of(job) == errc::closed);
    held.reset();
    s.renew_service();
}

void Z2_a_job_outlives_its_service(scene& s) {
    stubborn_job job;
    auto running = s.start(s.locks->execute("a", job, {.timeout = forever}));
    s.until([&] { return job.running() || running.done(); }, "the job ran");
    s.locks.reset();
    s.pass(s.unit);
    COLOCK_CHECK(!running.done());
    job.end();
    s.until([&] { return running.done(); }, "the call ended");
    COLOCK_CHECK(!running.failed() || running.error() == errc::lease_lost);
    s.renew_service();
}

void Z2_a_guard_outlives_the_service(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    auto told = s.start(held.wait_lost());
    s.locks.reset();
    s.step();
    COLOCK_CHECK(held);
    held.reset();
    (void)s.error_of(told); // whichever came first
    s.renew_service();
}

// Waiters, jobs, guards in suspended frames, guards outside, and calls under way: destroyed in every order.
enum class part { service, context, guard };

struct stage {
    explicit stage(const subject& who, const std::string& space)
        : locks(std::make_unique<locking_service>(io->get_executor())) {
        locks->add_provider(who.name, who.make(io->get_executor(), {space, {}}));
    }
    asio::awaitable<void> hold() {
        const auto held = co_await locks->lock(keys("x", "y"), {.wait = forever});
        co_await endless();
    }
    asio::awaitable<void> queue() { const auto held = co_await locks->lock(keys("a", "c"), {.wait = 1h}); }
    asio::awaitable<void> work() { co_await locks->execute("j", &endless, {.timeout = forever}); }
    asio::awaitable<void> close() { co_await locks->close(); }
    asio::awaitable<void> wait_for_loss() { co_await outside->wait_lost(); }
    void go(asio::awaitable<void> work) {
        asio::co_spawn(*io, std::move(work), [](std::exception_ptr) {});
    }
    void run(duration span = 0ms) {
        if (!io)
            return;
        io->restart();
        io->poll();
        if (span > 0ms)
            io->run_for(span);
    }
    void destroy(part p) {
        if (p == part::service)
            locks.reset();
        else if (p == part::context)
            io.reset();
        else
            outside.reset();
        run();
    }

    std::unique_ptr<asio::io_context> io = std::make_unique<asio::io_context>();
    std::unique_ptr<locking_service> locks;
    std::optional<guard> outside;
};

void Z2_destroyed_in_every_order(scene& s) {
    std::array order{part::service, part::context, part::guard};
    int orders = 0;
    do
        for (const bool closing : {false, true})
            for (const bool under_way : {false, true}) {
                stage here(s.who, s.space() + '-' + std::to_string(++orders));
                auto taking = colock_test::start(here.io->get_executor(), here.locks->lock("a"));
                const auto end = time::now() + s.who.patience;
                while (!taking.done() && time::now() < end)
                    here.run(1ms);
                COLOCK_REQUIRE(taking.done() && !taking.failed());
                here.outside = std::move(taking.get());
                here.go(here.hold());
                here.go(here.queue());
                here.go(here.work());
                here.go(here.work());
                here.go(here.wait_for_loss());
                here.run(under_way ? 0ms : s.unit / 4); // whatever had time to be queued
                if (closing)
                    here.go(here.close());
                here.run();
                for (const part p : order)
                    here.destroy(p);
            }
    while (std::next_permutation(order.begin(), order.end()));
    COLOCK_CHECK(orders == 24);
}

void Z2_a_context_that_goes_hands_its_places_to_the_others(scene& s) {
    auto other = std::make_unique<asio::io_context>();
    auto held = s.now(s.locks->lock("a"));
    auto gone = colock_test::start(other->get_executor(), s.locks->lock("a", {.wait = forever}));
    s.until(
        [&] {
            other->restart();
            other->poll();
            return s.waiters("a") == 1;
        },
        "a call on another executor was queued");
    auto next = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    other.reset();
    held.reset();
    auto taken = s.finish(next);
    COLOCK_CHECK(!gone.done());
    COLOCK_CHECK(s.now(taken.release()));
    s.until_empty();
}

} // namespace

std::span<const test_case> lifetime_cases() {
    static constexpr test_case all[] = {
        COLOCK_CASE(Z1_close_refuses_and_ends_all_waits, feature::waiting, feature::listing),
        COLOCK_CASE(Z1_after_close_only_releasing_and_listing_work),
        COLOCK_CASE(Z1_close_tells_guards, feature::notices),
        COLOCK_CASE(Z1_close_waits_for_running_jobs),
        COLOCK_CASE(Z2_waiters_of_a_destroyed_service_complete_with_closed, feature::waiting,
                    feature::listing),
        COLOCK_CASE(Z2_a_job_outlives_its_service),
        COLOCK_CASE(Z2_a_guard_outlives_the_service),
        COLOCK_CASE(Z2_destroyed_in_every_order),
        COLOCK_CASE(Z2_a_context_that_goes_hands_its_places_to_the_others, feature::waiting,
                    feature::listing),
    };
    return all;
}

} // namespace colock::conformance
