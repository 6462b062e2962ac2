#pragma once

#include <atomic>
#include <chrono>
#include <thread>

namespace colock::detail {

/// For what is held for some tens of nanoseconds and hardly ever contended. A spin lock, because what counts
/// is the price of the uncontended case: one atomic exchange to lock, a plain store to unlock (std::mutex
/// pays two exchanges). Whoever meets the rare holder that was preempted, or that lists a large table, soon
/// stops spinning and sleeps between its tries.
class spin_mutex {
public:
    void lock() noexcept {
        if (locked_.exchange(true, std::memory_order_acquire))
            wait_for_lock();
    }

    [[nodiscard]] bool try_lock() noexcept {
        return !locked_.load(std::memory_order_relaxed) && !locked_.exchange(true, std::memory_order_acquire);
    }

    void unlock() noexcept { locked_.store(false, std::memory_order_release); }

private:
    void wait_for_lock() noexcept {
        for (int tries = 0; !try_lock(); ++tries) {
            if (tries < 100)
                relax();
            else if (tries < 200)
                std::this_thread::yield();
            else
                std::this_thread::sleep_for(std::chrono::microseconds(50));
        }
    }

    static void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#endif
    }

    std::atomic<bool> locked_{false};
};

} // namespace colock::detail
