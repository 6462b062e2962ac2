#include "worker.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <array>

namespace colock_test {
namespace {

constexpr auto ample = 60s; // for what is to happen in any case

struct job_failed {};

} // namespace

worker::worker(arena& in, place at, std::uint64_t seed, std::size_t number)
    : in_(in), at_(std::move(at)), random_(seed + number * 1000003),
      owner_("worker " + std::to_string(number)), team_("team " + std::to_string(number % 3)) {}

void worker::cancel() {
    asio::post(at_.executor, [this] { signal_.emit(asio::cancellation_type::terminal); });
}

// Each operation is a coroutine of its own, so that a cancellation ends that and not the worker.
asio::awaitable<void> worker::run(std::size_t operations) {
    for (std::size_t i = 0; i < operations; ++i) {
        boost::system::error_code error;
        try {
            co_await asio::co_spawn(at_.executor, operation(),
                                    asio::bind_cancellation_slot(signal_.slot(), asio::use_awaitable));
        } catch (const boost::system::system_error& e) {
            error = e.code();
        }
        arrived();
        if (error)
            judge(error);
        if (kept_)
            co_await give_up_kept();
        else if (error && random_.percent(20))
            co_await expect_nothing_held();
    }
    co_await in_.locks.release_all({.owner = team_});
    --in_.running;
}

asio::awaitable<void> worker::operation() {
    const std::size_t dice = random_.below(100);
    if (dice < 25)
        co_await hold_guard();
    else if (dice < 35)
        co_await try_guard();
    else if (dice < 50)
        co_await hold_as_owner();
    else if (dice < 60)
        co_await hold_as_nobody();
    else if (dice < 70)
        co_await lease_for_team();
    else if (dice < 82)
        co_await execute_function();
    else if (dice < 98)
        co_await execute_coroutine();
    else
        co_await in_.locks.release_all({.owner = team_});
}

// ---- the operations ----

asio::awaitable<void> worker::hold_guard() {
    const colock::key_set keys = some_keys();
    const colock::lock_mode mode = some_mode();
    colock::guard held = co_await in_.locks.lock(keys, {.wait = some_wait(), .mode = mode});
    arrived();
    ++in_.granted;
    {
        const usage use(in_.resources, watched(keys), mode, held.token(), in_.found);
        co_await pause();
    }
    in_.found.expect(in_.breaks || !held.lost(), "a guard is lost");
    if (random_.percent(50)) {
        const bool held_till_now = co_await held.release();
        in_.found.expect(in_.breaks || held_till_now, "a guard was not held when it was released");
    }
}

asio::awaitable<void> worker::try_guard() {
    const colock::key_set keys = some_keys();
    const colock::lock_mode mode = some_mode();
    std::optional<colock::guard> held;
    if (random_.percent(50))
        held = in_.memory->try_lock(keys, mode);
    else
        held = co_await in_.locks.try_lock(keys, {.mode = mode});
    if (!held) {
        ++in_.refused;
        co_return;
    }
    ++in_.granted;
    const usage use(in_.resources, watched(keys), mode, held->token(), in_.found);
    co_await pause();
}

asio::awaitable<void> worker::hold_as_owner() {
    const colock::key_set keys = some_keys();
    const colock::lock_mode mode = some_mode();
    kept_ = co_await in_.locks.acquire(keys, {.owner = owner_, .wait = some_wait(), .mode = mode});
    arrived();
    ++in_.granted;
    const usage use(in_.resources, watched(keys), mode, kept_.token(), in_.found);
    co_await pause();
    const colock::grant again = co_await in_.locks.acquire(keys, {.owner = owner_, .mode = mode});
    in_.found.expect(in_.breaks || again.id() == kept_.id(), "an owner who acquires again gets another id");
    if (in_.breaks)
        kept_ = again;
}

asio::awaitable<void> worker::hold_as_nobody() {
    const colock::key_set keys = some_keys();
    const colock::lock_mode mode = some_mode();
    kept_ = co_await in_.locks.acquire(keys, {.wait = some_wait(), .mode = mode});
    arrived();
    ++in_.granted;
    const usage use(in_.resources, watched(keys), mode, kept_.token(), in_.found);
    co_await pause();
}

// Leases end at any time, and several workers share the owner: this is but a disturbance of the others.
asio::awaitable<void> worker::lease_for_team() {
    const colock::key_set keys = some_keys();
    const auto span = std::chrono::microseconds(20 + random_.below(500));
    const colock::grant got = co_await in_.locks.acquire(
        keys, {.owner = team_, .expire = span, .wait = some_wait(), .mode = some_mode()});
    arrived();
    ++in_.granted;
    co_await pause();
    if (random_.percent(30)) {
        try {
            co_await in_.locks.extend(got, span);
        } catch (const colock::lock_error& e) {
            if (e.code() != errc::lease_lost)
                throw;
        }
    }
    if (random_.percent(50))
        co_await in_.locks.release(keys, {.owner = team_});
}

asio::awaitable<void> worker::execute_function() {
    const colock::key_set keys = some_keys();
    const colock::lock_mode mode = some_mode();
    const bool throws = random_.percent(20);
    bool ran = false;
    bool thrown = false;
    auto job = [&](colock::lease& lease) {
        ran = true;
        const usage use(in_.resources, watched(keys), mode, lease.token(), in_.found);
        if (throws)
            throw job_failed();
        return 42;
    };
    int value = 0;
    try {
        value = co_await in_.locks.execute(keys, job,
                                           {.timeout = random_.percent(80) ? ample : 200us,
                                            .wait = some_wait(),
                                            .grace = ample,
                                            .mode = mode});
    } catch (const job_failed&) {
        thrown = true;
    }
    arrived();
    ++in_.granted;
    in_.found.expect(ran && thrown == throws && (throws || value == 42),
                     "execute did not return what its job did");
}

asio::awaitable<void> worker::execute_coroutine() {
    const colock::key_set keys = some_keys();
    const colock::lock_mode mode = some_mode();
    const bool throws = random_.percent(20);
    const bool too_slow = random_.percent(20); // only its cancellation ends it
    bool thrown = false;
    bool running = false;
    auto job = [&](colock::lease& lease) -> asio::awaitable<std::string> {
        running = true;
        const std::shared_ptr<void> ended(nullptr, [&](void*) { running = false; });
        arrived();
        const usage use(in_.resources, watched(keys), mode, lease.token(), in_.found);
        co_await pause();
        if (too_slow) {
            asio::steady_timer never(co_await asio::this_coro::executor, ample * 10);
            co_await never.async_wait(asio::use_awaitable);
        }
        if (throws)
            throw job_failed();
        co_return "done";
    };
    const colock::duration timeout = too_slow ? 300us : random_.percent(80) ? colock::duration(ample) : 100us;
    std::string value;
    boost::system::error_code error;
    try {
        value = co_await in_.locks.execute(
            keys, job, {.timeout = timeout, .wait = some_wait(), .grace = ample, .mode = mode});
    } catch (const job_failed&) {
        thrown = true;
    } catch (const boost::system::system_error& e) {
        error = e.code();
    }
    in_.found.expect(!running, "execute ended before its job");
    if (error)
        throw boost::system::system_error(error);
    arrived();
    ++in_.granted;
    in_.found.expect(!too_slow && thrown == throws && (throws || value == "done"),
                     "execute did not return what its job did");
}

// ---- afterwards ----

asio::awaitable<void> worker::give_up_kept() {
    const colock::grant kept = std::exchange(kept_, {});
    bool released = false;
    if (!kept.owner().empty() && random_.percent(50))
        released = co_await in_.locks.release(kept.keys(), {.owner = kept.owner()});
    else
        released = co_await in_.locks.release(kept);
    in_.found.expect(in_.breaks || released, "a grant was not held when it was released");
}

asio::awaitable<void> worker::expect_nothing_held() {
    const std::vector<colock::lock_info> held = co_await in_.locks.list({.owner = owner_});
    in_.found.expect(held.empty(), "an owner holds something after its call failed");
}

void worker::judge(const boost::system::error_code& error) {
    ++in_.refused;
    const bool expected = error == errc::already_locked || error == errc::timed_out ||
                          (in_.cancels && error == asio::error::operation_aborted) ||
                          (in_.breaks && error == errc::lease_lost);
    if (!expected)
        in_.found.add("an operation failed: " + error.message());
}

void worker::arrived() {
    in_.found.expect(at_.here(), "a coroutine resumed elsewhere");
}

asio::awaitable<void> worker::pause() {
    const std::size_t dice = random_.below(10);
    if (dice < 4)
        co_return;
    if (dice < 9) {
        co_await asio::post(asio::deferred);
    } else {
        asio::steady_timer timer(co_await asio::this_coro::executor,
                                 std::chrono::microseconds(random_.below(80)));
        co_await timer.async_wait(asio::use_awaitable);
    }
    arrived();
}

// Where locks are taken from their holders, several may use a key at once.
colock::key_set worker::watched(const colock::key_set& keys) const {
    return in_.breaks ? colock::key_set() : keys;
}

colock::key_set worker::some_keys() {
    std::vector<std::string> chosen;
    for (std::size_t count = random_.percent(60) ? 1 : 2 + random_.below(2); count != 0; --count)
        chosen.push_back(random_.one_of(in_.keys)); // in any order, perhaps twice
    return {chosen.begin(), chosen.end()};
}

colock::lock_mode worker::some_mode() {
    return random_.percent(40) ? colock::lock_mode::shared : colock::lock_mode::exclusive;
}

colock::duration worker::some_wait() {
    const std::size_t dice = random_.below(10);
    if (dice < 1)
        return colock::duration::zero();
    if (dice < 4)
        return std::chrono::microseconds(1 + random_.below(300));
    return dice < 7 ? colock::duration(ample) : colock::forever;
}

// ---- the arena ----

arena::arena(const asio::any_io_executor& executor, bool cancels, bool breaks)
    : cancels(cancels), breaks(breaks), locks(executor) {
    auto made = std::make_unique<colock::memory_provider>();
    memory = made.get();
    locks.add_provider("stressed", std::move(made));
    for (const std::string& key : keys)
        resources[key];
}

void arena::start(std::vector<place> places, std::size_t operations) {
    running = places.size();
    for (std::size_t i = 0; i < places.size(); ++i)
        workers_.push_back(std::make_unique<worker>(*this, places[i], stress_seed(), i));
    for (std::size_t i = 0; i < places.size(); ++i)
        asio::co_spawn(places[i].executor, workers_[i]->run(operations), [this](std::exception_ptr e) {
            if (e) {
                found.add("a worker failed");
                --running;
            }
        });
    asio::co_spawn(places.front().executor, disturb(places.front()),
                   [this](std::exception_ptr e) { found.expect(!e, "the end failed"); });
}

asio::awaitable<void> arena::disturb(place at) {
    random_source random(stress_seed());
    asio::steady_timer timer(at.executor);
    while (running != 0) {
        timer.expires_after(std::chrono::microseconds(20 + random.below(200)));
        co_await timer.async_wait(asio::use_awaitable);
        if (cancels)
            random.one_of(workers_)->cancel();
        if (breaks && random.percent(10))
            co_await locks.release_all();
    }
    co_await locks.close();
    closed = true;
}

void arena::finish() {
    const auto statistics = memory->statistics();
    BOOST_CHECK(closed);
    BOOST_CHECK_EQUAL(statistics.held, 0u);
    BOOST_CHECK_EQUAL(statistics.waiting, 0u);
    BOOST_CHECK_GE(statistics.granted, granted.load());
    BOOST_CHECK_GT(granted.load(), 0u);
    BOOST_CHECK_GT(statistics.queued, 0u);
    BOOST_CHECK_GT(statistics.timed_out, 0u);
    BOOST_CHECK_EQUAL(statistics.cancelled != 0, cancels);
    found.report();
    BOOST_TEST_MESSAGE(granted << " granted, " << refused << " ended otherwise; " << statistics.queued
                               << " queued, " << statistics.timed_out << " timed out, "
                               << statistics.cancelled << " cancelled, " << statistics.expired << " expired");
}

} // namespace colock_test
