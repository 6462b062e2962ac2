#include "scene.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>

namespace colock::conformance {

scene::scene(const subject& who, std::string space) : who(who), space_(std::move(space)) {
    renew_service();
}

scene::~scene() = default;

void scene::renew_service(std::optional<std::size_t> max_waiters) {
    locks.emplace(io.get_executor());
    locks->add_provider(who.name, who.make(io.get_executor(), {space_, max_waiters}));
}

std::unique_ptr<locking_service> scene::another(asio::any_io_executor executor) {
    if (!executor)
        executor = io.get_executor();
    auto made = std::make_unique<locking_service>(executor);
    made->add_provider(who.name, who.make(executor, {space_, {}}));
    return made;
}

void scene::step(duration limit) {
    io.restart();
    int done = 0;
    while (done < 1000 && io.poll_one() > 0) // not poll(): what never rests must not keep us
        ++done;
    if (done == 0 && limit > duration::zero())
        io.run_one_for(limit);
}

void scene::pass(duration span) {
    const auto end = time::now() + span;
    while (time::now() < end)
        step(std::min<duration>(2ms, end - time::now()));
}

std::optional<lock_info> scene::info(std::string_view key) {
    auto all = now(locks->list({.prefix = key}));
    const auto found = std::find_if(all.begin(), all.end(), [&](const lock_info& l) { return l.key == key; });
    if (found == all.end())
        return std::nullopt;
    return std::move(*found);
}

std::size_t scene::waiters(std::string_view key) {
    const auto found = info(key);
    return found ? found->waiters : 0;
}

std::size_t scene::listed() {
    return now(locks->list()).size();
}

bool scene::is_free(const key_set& key) {
    auto taken = now(locks->try_lock(key));
    if (!taken)
        return false;
    return now(taken->release());
}

void scene::until_empty() {
    until([&] { return listed() == 0; }, "nothing was held or waited for");
}

void scene::note(bool ok, const char* what, const char* file, int line) {
    if (ok)
        return;
    const std::string_view path = file;
    failures_ +=
        std::string(path.substr(path.rfind('/') + 1)) + ':' + std::to_string(line) + ": " + what + '\n';
}

void scene::give_up(const std::string& why) {
    failures_ += why + '\n';
    throw gave_up(why);
}

void scene::tear_down() {
    now(locks->release_all());
    now(locks->close());
    locks.reset();
    awake_.reset();
    const auto end = time::now() + who.patience;
    for (;;) {
        io.restart();
        io.run_one_for(2ms);
        if (io.stopped())
            return;
        if (time::now() > end)
            give_up("the service is gone, but something of it still runs");
    }
}

asio::awaitable<void> endless() {
    asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<int> stubborn_job::operator()() {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    asio::steady_timer timer(co_await asio::this_coro::executor);
    running_ = true;
    while (!ends_) {
        timer.expires_after(1ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
    running_ = false;
    co_return 7;
}

bool often_within(duration limit, const std::function<duration()>& measured) {
    int good = 0;
    for (int i = 0; i < 9 && good < 3; ++i)
        good += measured() <= limit;
    return good == 3;
}

} // namespace colock::conformance
