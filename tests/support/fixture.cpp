#include "fixture.hpp"

#include <boost/asio/steady_timer.hpp>

namespace colock_test {

world::world(colock::memory_provider_options options) {
    options.clock = clock;
    auto made = std::make_unique<colock::memory_provider>(options);
    memory = made.get();
    locks->add_provider("test", std::move(made));
}

void world::run() {
    io.restart();
    io.poll();
}

void world::advance(colock::duration span) {
    clock->advance(span);
    run();
}

std::size_t world::held() {
    return now(locks->list()).size();
}

asio::awaitable<void> endless() {
    asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
}

} // namespace colock_test
