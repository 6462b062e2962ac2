#include "worker.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace contention {
namespace {

// A sleeping worker looks this often whether the run has stopped.
constexpr nanoseconds longest_sleep = std::chrono::milliseconds(100);

// A worker that never suspends lets the others run after so many operations.
constexpr std::uint64_t longest_turn = 100;

} // namespace

worker::worker(scene& in, asio::io_context& io, std::uint64_t number)
    : in_(in), random_(in.what.seed, in.what.process * in.what.coroutines + number), timer_(io),
      owner_(in.run_name + '-' + std::to_string(number)),
      may_never_suspend_(!in.what.hold.suspends() && !in.what.think.suspends()),
      chosen_(in.what.keys_per_call), places_(in.what.keys_per_call), number_(number) {
    for (auto& place : places_)
        place.of = &waiting_;
}

asio::awaitable<void> worker::run() {
    while (prepare()) {
        if (in_.what.think.suspends())
            co_await pause(in_.what.think);
        switch (in_.what.how) {
        case operation::lock:
            co_await by_lock();
            break;
        case operation::execute:
            co_await by_execute();
            break;
        case operation::acquire:
            co_await by_acquire();
            break;
        }
        // Whom they were refused by could not run otherwise, on the same thread.
        if (refused_ || (may_never_suspend_ && ++since_yield_ == longest_turn)) {
            since_yield_ = 0;
            co_await asio::post(asio::deferred);
        }
    }
}

bool worker::prepare() {
    const phase p = in_.now_in();
    if (p == phase::stopping)
        return false;
    claimed_ = false;
    if (p == phase::measuring && in_.what.operations != 0) {
        // Small enough a share of the whole that all workers end at about the same time.
        constexpr std::uint64_t most = 64;
        if (claims_ == 0)
            claims_ =
                in_.claim(std::clamp<std::uint64_t>(in_.what.operations / in_.what.coroutines / 16, 1, most));
        if (claims_ == 0)
            return false;
        --claims_;
        claimed_ = true;
    }
    in_.chooser.choose(random_, chosen_);
    mode_ = random_.unit() < in_.what.shared ? lock_mode::shared : lock_mode::exclusive;
    refused_ = false;
    return true;
}

asio::awaitable<void> worker::by_lock() {
    colock::guard held;
    call();
    try {
        held = co_await in_.locks.lock(keys(),
                                       {.wait = in_.what.wait, .expire = in_.what.expire, .mode = mode_});
    } catch (const colock::lock_error& error) {
        refused(error);
        co_return;
    }
    granted(held.token());
    if (in_.what.hold.suspends())
        co_await pause(in_.what.hold);
    before_release();
    bool was_held = !held.lost();
    if (in_.awaits_release) {
        try {
            was_held = co_await held.release();
        } catch (const colock::lock_error& error) {
            in_.failed(error.what());
        }
    } else {
        held.reset();
    }
    released(was_held);
}

asio::awaitable<void> worker::by_execute() {
    const auto suspending = [this](colock::lease& lease) { return job(lease.token()); };
    const auto immediate = [this](colock::lease& lease) {
        granted(lease.token());
        before_release();
    };
    const colock::execute_options options{
        .timeout = colock::forever, .wait = in_.what.wait, .expire = in_.what.expire, .mode = mode_};
    call();
    try {
        if (in_.what.hold.suspends())
            co_await in_.locks.execute(keys(), suspending, options);
        else
            co_await in_.locks.execute(keys(), immediate, options);
    } catch (const colock::lock_error& error) {
        refused(error);
        co_return;
    }
    released(true);
}

asio::awaitable<void> worker::job(std::uint64_t token) {
    struct leaving { // also when the job is cancelled because its lock was lost
        worker& by;
        ~leaving() { by.before_release(); }
    };
    granted(token);
    const leaving at_the_end{*this};
    co_await pause(in_.what.hold);
}

asio::awaitable<void> worker::by_acquire() {
    colock::grant held;
    call();
    try {
        held = co_await in_.locks.acquire(
            keys(), {.owner = owner_, .expire = in_.what.expire, .wait = in_.what.wait, .mode = mode_});
    } catch (const colock::lock_error& error) {
        refused(error);
        co_return;
    }
    granted(held.token());
    if (in_.what.hold.suspends())
        co_await pause(in_.what.hold);
    before_release();
    bool was_held = true;
    try {
        was_held = co_await in_.locks.release(keys(), {.owner = owner_});
    } catch (const colock::lock_error& error) {
        in_.failed(error.what());
    }
    released(was_held);
}

asio::awaitable<void> worker::pause(pause_distribution span) {
    if (!span.sleeps()) {
        co_await asio::post(asio::deferred);
        co_return;
    }
    const auto end = std::chrono::steady_clock::now() + span.draw(random_);
    while (in_.now_in() != phase::stopping) {
        const auto next = std::min(end, std::chrono::steady_clock::now() + longest_sleep);
        timer_.expires_at(next);
        co_await timer_.async_wait(asio::deferred);
        if (next == end)
            break;
    }
}

colock::key_set worker::keys() const {
    if (chosen_.size() == 1)
        return in_.name(chosen_.front());
    std::vector<std::string_view> names;
    names.reserve(chosen_.size());
    for (const std::size_t key : chosen_)
        names.push_back(in_.name(key));
    return {names.begin(), names.end()};
}

bool worker::counts_now() const noexcept {
    return in_.now_in() == phase::measuring && (claimed_ || in_.what.operations == 0);
}

} // namespace contention
