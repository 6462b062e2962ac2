#pragma once

#include "histogram.hpp"
#include "key_queue.hpp"

#include <atomic>

namespace contention {

/// What one thread measures, so that threads share nothing while they measure.
struct alignas(64) recorder {
    histogram wait;
    histogram hold;
    histogram hand_off;
    thread_trace trace;
    std::atomic<std::uint64_t> operations{0}; ///< for the display: written by the thread, read by another

    void count_operation() noexcept {
        operations.store(operations.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }

    /// That of the calling thread, which is set when it starts.
    static recorder& here() noexcept { return *current; }
    static void set(recorder& mine) noexcept { current = &mine; }

private:
    static inline constinit thread_local recorder* current = nullptr;
};

} // namespace contention
