#include "threads.hpp"

#include <iostream>

namespace colock_test {

std::uint64_t stress_seed() {
    static const std::uint64_t seed = [] {
        const std::uint64_t chosen = environment_number("COLOCK_SEED").value_or(20240611);
        std::cout << "stress: COLOCK_SEED=" << chosen << std::endl;
        return chosen;
    }();
    return seed;
}

io_threads::io_threads(std::size_t contexts, std::size_t threads_each) {
    for (std::size_t i = 0; i < contexts; ++i) {
        contexts_.push_back(std::make_unique<asio::io_context>());
        work_.push_back(asio::make_work_guard(*contexts_.back()));
        for (std::size_t j = 0; j < threads_each; ++j)
            threads_.emplace_back([&context = *contexts_.back()] { context.run(); });
    }
}

void io_threads::join() {
    work_.clear();
    for (std::thread& t : threads_)
        t.join();
    threads_.clear();
}

place io_threads::plain(std::size_t index) {
    const auto ex = contexts_[index % contexts_.size()]->get_executor();
    return {ex, [ex] { return ex.running_in_this_thread(); }};
}

place io_threads::strand(std::size_t index) {
    const auto ex = asio::make_strand(contexts_[index % contexts_.size()]->get_executor());
    return {ex, [ex] { return ex.running_in_this_thread(); }};
}

place strand_of(asio::thread_pool& pool) {
    const auto ex = asio::make_strand(pool.get_executor());
    return {ex, [ex] { return ex.running_in_this_thread(); }};
}

place plain_of(asio::thread_pool& pool) {
    const auto ex = pool.get_executor();
    return {ex, [ex] { return ex.running_in_this_thread(); }};
}

} // namespace colock_test
