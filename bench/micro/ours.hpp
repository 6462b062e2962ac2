#pragma once

#include "loops.hpp"

namespace colock_bench {

enum class limit { none, given };

/// colock, where the loops expect a lock.
template<limit Limit = limit::none>
struct our_lock {
    static constexpr colock::duration wait = Limit == limit::given ? colock::duration(30s) : colock::forever;
    explicit our_lock(asio::io_context& io) : locks(io.get_executor()) {}
    colock::locking_service locks;
};

colock::memory_provider& memory_of(colock::locking_service& locks);

/// A provider that its maker has used, and another thread will: from then on it draws its tokens from the
/// clock.
struct our_shared_lock : our_lock<> {
    explicit our_shared_lock(asio::io_context& io) : our_lock(io) {
        (void)memory_of(locks).try_lock(bench_key);
    }
};

inline colock::memory_provider& memory_of(colock::locking_service& locks) {
    return dynamic_cast<colock::memory_provider&>(locks.get_provider());
}

} // namespace colock_bench
