#include "fixture.hpp"

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

} // namespace colock_test
