#include <colock/remote_provider.hpp>

#include "remote/engine.hpp"

#include <set>

namespace colock {

using remote::engine;
using remote::errand;

remote_provider::remote_provider(std::shared_ptr<engine> engine) noexcept : engine_(std::move(engine)) {}

remote_provider::~remote_provider() {
    engine_->stop();
}

clock_source& remote_provider::clock() const noexcept {
    return engine_->clock();
}

asio::awaitable<acquisition> remote_provider::acquire(const lock_request& request) {
    return engine_->acquire(request);
}

namespace {

asio::awaitable<time_point> extend_by(std::shared_ptr<engine> home, grant held, duration span) {
    const auto work = home->make_errand(remote::extend_step{span}, held.keys());
    work->id = held.id();
    const remote::reply answer = co_await home->carry_out(work);
    if (answer.what == remote::verdict::gone)
        throw lock_error::lost(held.keys());
    const time_point end = span == forever ? never : saturated_add(work->sent_at, span);
    home->look_at_end(end);
    co_return end;
}

asio::awaitable<bool> release_by(std::shared_ptr<engine> home, std::shared_ptr<errand> work) {
    const remote::reply answer = co_await home->carry_out(work);
    if (answer.count == work->keys.size())
        co_return true;
    if (work->was_lost)
        throw lock_error(errc::provider_unavailable,
                         "the answer to a release was lost: nothing is held now, whether all was is unknown",
                         work->keys);
    co_return false;
}

asio::awaitable<std::size_t> release_everything(std::shared_ptr<engine> home,
                                                std::optional<std::string> owner) {
    remote::release_all_step step;
    step.owner = std::move(owner);
    std::size_t count = 0;
    do {
        const auto work = home->make_errand(step);
        const remote::reply answer = co_await home->carry_out(work);
        count += answer.count;
        step.cursor = answer.cursor;
        step.newest = answer.newest;
    } while (step.cursor != "0");
    co_return count;
}

asio::awaitable<std::vector<lock_info>> list_by(std::shared_ptr<engine> home, list_request what) {
    remote::list_step step;
    step.prefix = std::move(what.prefix);
    step.owner = std::move(what.owner);
    std::vector<lock_info> result;
    std::set<std::string> seen; // a part may come twice when the others change it meanwhile
    do {
        const auto work = home->make_errand(step);
        remote::reply answer = co_await home->carry_out(work);
        for (lock_info& info : answer.locks)
            if (seen.insert(info.key).second)
                result.push_back(std::move(info));
        step.cursor = answer.cursor;
    } while (step.cursor != "0");
    co_return result;
}

} // namespace

asio::awaitable<time_point> remote_provider::extend(grant held, duration span) {
    return extend_by(engine_, std::move(held), span);
}

asio::awaitable<bool> remote_provider::release(key_set keys, std::string owner) {
    auto work = engine_->make_errand(remote::release_step{.by_id = false}, std::move(keys));
    work->owner = std::move(owner);
    return release_by(engine_, std::move(work));
}

asio::awaitable<bool> remote_provider::release(grant held) {
    auto work = engine_->make_errand(remote::release_step{.by_id = true}, held.keys());
    work->id = held.id();
    return release_by(engine_, std::move(work));
}

asio::awaitable<std::size_t> remote_provider::release_all(std::optional<std::string> owner) {
    return release_everything(engine_, std::move(owner));
}

asio::awaitable<std::vector<lock_info>> remote_provider::list(list_request what) {
    return list_by(engine_, std::move(what));
}

void remote_provider::stop() noexcept {
    engine_->stop();
}

asio::awaitable<void> remote_provider::close() {
    return engine_->close();
}

void remote_provider::set_observer(std::shared_ptr<observer> watcher) {
    engine_->set_observer(std::move(watcher));
}

provider_statistics remote_provider::statistics() const {
    return engine_->statistics();
}

} // namespace colock
