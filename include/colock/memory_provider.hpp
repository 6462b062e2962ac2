#pragma once

#include <colock/guard.hpp>
#include <colock/provider.hpp>

#include <memory>
#include <optional>

namespace colock {

namespace memory {
class lock_table;
}
namespace detail {
struct registered_provider;
}

struct memory_provider_options {
    /// The longest queue of one key; a call that would make it longer fails with errc::too_many_waiters.
    std::size_t max_waiters = static_cast<std::size_t>(-1);
    /// The clock of waits and leases; null: steady_clock_source().
    std::shared_ptr<clock_source> clock = {};
};

/// Locks inside this process: the reference semantics, and the fastest.
///
/// Guarantees: mutual exclusion among all users of this object; strict FIFO per key; the locks die with the
/// object or the process. Fencing tokens grow across restarts of the process as long as the system's wall
/// clock, read once when the object is made, does not go back.
///
/// Completions are posted to the executor of the coroutine that waits. That executor's context must allow
/// posts from other threads (not `BOOST_ASIO_CONCURRENCY_HINT_UNSAFE`).
///
/// Lifetime: it may be destroyed with calls waiting (they complete with errc::closed) and with guards alive
/// (they keep what they need). Thread safety: all members are safe to call at once, but for the destructor.
class memory_provider final : public provider {
public:
    explicit memory_provider(memory_provider_options options = {});
    ~memory_provider() override;

    /// The synchronous fast path, for callers that do not want to wait and need no coroutine: a guard, or
    /// nothing if one of the keys is held or promised to a queued call. \throws lock_error invalid_argument,
    /// closed
    [[nodiscard]] std::optional<guard> try_lock(const key_set& keys, lock_mode mode = lock_mode::exclusive);

    [[nodiscard]] bool needs_lease() const noexcept override { return false; }
    [[nodiscard]] clock_source& clock() const noexcept override;
    [[nodiscard]] attempt try_now(const lock_request& request, acquisition& granted,
                                  boost::system::error_code& refused) override;
    [[nodiscard]] asio::awaitable<acquisition> acquire(const lock_request& request) override;
    [[nodiscard]] asio::awaitable<time_point> extend(grant held, duration span) override;
    [[nodiscard]] asio::awaitable<bool> release(key_set keys, std::string owner) override;
    [[nodiscard]] asio::awaitable<bool> release(grant held) override;
    [[nodiscard]] asio::awaitable<std::size_t> release_all(std::optional<std::string> owner) override;
    [[nodiscard]] asio::awaitable<std::vector<lock_info>> list(list_request what) override;
    void stop() noexcept override;
    [[nodiscard]] asio::awaitable<void> close() override;
    void set_observer(std::shared_ptr<observer> watcher) override;
    [[nodiscard]] provider_statistics statistics() const override;

private:
    friend struct detail::registered_provider; // a wait in this process needs no coroutine of the provider

    std::shared_ptr<memory::lock_table> table_;
};

} // namespace colock
