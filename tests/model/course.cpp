#include "driver.hpp"

#include <array>
#include <memory>

namespace colock_test {

driver::driver(std::uint64_t seed, bool verbose)
    : seed_(seed), verbose_(verbose), random_(seed),
      max_waiters_(random_.percent(25) ? 1 + random_.below(3) : static_cast<std::size_t>(-1)),
      world_({.max_waiters = max_waiters_, .clock = {}}), model_(max_waiters_, world_.clock->now()) {
    const std::size_t count = 4 + random_.below(2);
    while (keys_.size() < count) // of the first letter only: they fall into shards at random
        keys_.push_back(std::string(1, static_cast<char>('a' + keys_.size())) +
                        std::to_string(random_.below(100)));
    if (seed % 2 == 0) // with an observer the table takes none of its shortcuts
        world_.locks->set_observer(std::make_shared<colock::observer>());
}

void driver::run(std::size_t steps) {
    const std::size_t close_at = random_.percent(50) ? steps - random_.below(steps / 4 + 1) : steps + 1;
    for (std::size_t i = 0; i < steps; ++i) {
        if (i == close_at)
            close();
        random_step();
    }
    finish();
}

void driver::random_step() {
    const std::size_t dice = random_.below(100);
    if (dice < 40)
        start_call();
    else if (dice < 44)
        start_guard_at_once();
    else if (dice < 54)
        release_by_keys();
    else if (dice < 62)
        release_by_grant();
    else if (dice < 63)
        release_by_grant_of_guard();
    else if (dice < 68)
        extend();
    else if (dice < 71)
        release_all();
    else if (dice < 77)
        drop_guard();
    else if (dice < 80)
        release_guard();
    else if (dice < 86)
        cancel();
    else
        advance();
}

void driver::cancel() {
    if (live_.empty())
        return;
    const auto at = std::next(live_.begin(), static_cast<std::ptrdiff_t>(random_.below(live_.size())));
    static const std::array types{asio::cancellation_type::terminal, asio::cancellation_type::partial,
                                  asio::cancellation_type::total};
    const auto type = random_.one_of(types);
    const call_id id = at->first;
    const bool effective = at->second.accepts_all_cancellation || type == asio::cancellation_type::terminal;
    const auto action = [&]() -> asio::awaitable<std::string> {
        cancel(id, type);
        co_return effective ? "" : " in vain";
    };
    step("cancel " + std::to_string(id), action, [&](model& m) {
        if (effective)
            m.cancel(id);
        return true;
    });
}

void driver::advance() {
    const colock::time_point next = model_.next_deadline();
    const std::size_t dice = random_.below(10);
    if (dice < 6 || next == colock::never)
        advance_to(model_.now() + some_time());
    else if (dice < 9)
        advance_to(next); // at the very moment
    else if (next > model_.now() + 1ns)
        advance_to(next - 1ns);
}

void driver::advance_to(colock::time_point target) {
    const colock::duration span = target - model_.now();
    const auto action = [&]() -> asio::awaitable<std::string> {
        world_.clock->advance(span);
        co_return "";
    };
    step("advance by " + std::to_string(span.count()), action, [&](model& m) {
        m.advance(span);
        return true;
    });
}

void driver::close() {
    auto closing = world_.start(world_.locks->close());
    note("close");
    if (!closing.done() || closing.failed())
        fail("close does not end");
    compare("close", [](model& m) {
        m.close();
        return true;
    });
}

// Everything ends: by release_all, or by close and release_all.
void driver::finish() {
    if (random_.percent(50))
        close();
    for (;;) {
        while (!guards_.empty())
            drop_guard();
        if (model_.idle())
            break;
        std::size_t released = 0;
        const auto action = [&]() -> asio::awaitable<std::string> {
            released = co_await world_.locks->release_all();
            co_return "";
        };
        step("release everything", action, [&](model& m) { return m.release_all(std::nullopt) == released; });
    }
    close();
    const auto statistics = world_.memory->statistics();
    if (statistics.held != 0 || statistics.waiting != 0 || !live_.empty())
        fail("something is left in the end");
}

} // namespace colock_test
