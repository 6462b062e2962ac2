#pragma once

#include <atomic>

namespace colock::memory {

/// The mutex of a shard: held for some tens of nanoseconds, hardly ever contended, and all of a table's may
/// be held at once. Uncontended it costs an atomic operation each way, less than std::mutex; contended it
/// spins for about as long as a critical section takes, then sleeps. Three states: Ulrich Drepper, "Futexes
/// Are Tricky", mutex 2.
class shard_mutex {
public:
    void lock() noexcept {
        if (!try_lock())
            wait_for_lock();
    }

    [[nodiscard]] bool try_lock() noexcept {
        int expected = unlocked;
        return state_.compare_exchange_strong(expected, locked, std::memory_order_acquire,
                                              std::memory_order_relaxed);
    }

    void unlock() noexcept {
        if (state_.exchange(unlocked, std::memory_order_release) == contended)
            state_.notify_one();
    }

private:
    enum : int { unlocked, locked, contended };

    void wait_for_lock() noexcept {
        for (int spin = 0; spin < 100; ++spin) {
            if (state_.load(std::memory_order_relaxed) == unlocked && try_lock())
                return;
#if defined(__x86_64__) || defined(__i386__)
            __builtin_ia32_pause();
#endif
        }
        while (state_.exchange(contended, std::memory_order_acquire) != unlocked)
            state_.wait(contended, std::memory_order_relaxed);
    }

    std::atomic<int> state_{unlocked};
};

} // namespace colock::memory
