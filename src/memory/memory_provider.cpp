#include <colock/memory_provider.hpp>

#include "memory/waiter.hpp"

namespace colock {

memory_provider::memory_provider(memory_provider_options options)
    : table_(std::make_shared<memory::lock_table>(options.max_waiters, std::move(options.clock))) {}

memory_provider::~memory_provider() {
    table_->orphan();
}

std::optional<guard> memory_provider::try_lock(const key_set& keys, lock_mode mode) {
    if (!keys.valid())
        throw lock_error::invalid("a key must have 1 to 512 bytes", keys);
    const lock_request request{.keys = keys, .mode = mode, .scoped = true};
    acquisition granted;
    boost::system::error_code refused;
    if (table_->begin(request, granted, refused, nullptr) == attempt::granted)
        return guard(hold_ptr(granted.held), granted.token);
    if (refused != errc::already_locked)
        throw lock_error::acquiring(refused, keys);
    return std::nullopt;
}

clock_source& memory_provider::clock() const noexcept {
    return table_->clock();
}

attempt memory_provider::try_now(const lock_request& request, acquisition& granted,
                                 boost::system::error_code& refused) {
    return table_->begin(request, granted, refused, nullptr);
}

asio::awaitable<acquisition> memory_provider::acquire(const lock_request& request) {
    acquisition granted;
    boost::system::error_code refused;
    const auto table = table_; // the provider may go away meanwhile
    memory::waiting_room waiting;
    if (table->begin(request, granted, refused, &waiting) == attempt::undecided) {
        co_await waiting->suspended();
        waiting->take();
    }
    if (refused)
        throw lock_error::acquiring(refused, request.keys);
    co_return granted;
}

asio::awaitable<time_point> memory_provider::extend(grant held, duration span) {
    co_return table_->extend(held, span);
}

asio::awaitable<bool> memory_provider::release(key_set keys, std::string owner) {
    co_return table_->release(keys, owner);
}

asio::awaitable<bool> memory_provider::release(grant held) {
    co_return table_->release(held);
}

asio::awaitable<std::size_t> memory_provider::release_all(std::optional<std::string> owner) {
    co_return table_->release_all(owner ? &*owner : nullptr);
}

asio::awaitable<std::vector<lock_info>> memory_provider::list(list_request what) {
    co_return table_->list(what);
}

void memory_provider::stop() noexcept {
    table_->stop();
}

asio::awaitable<void> memory_provider::close() {
    table_->close();
    co_return;
}

void memory_provider::set_observer(std::shared_ptr<observer> watcher) {
    table_->set_observer(std::move(watcher));
}

provider_statistics memory_provider::statistics() const {
    return table_->statistics();
}

} // namespace colock
