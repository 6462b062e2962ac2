#pragma once

#include <colock/provider.hpp>

#include <memory>

namespace colock {

namespace remote {
class engine;
}

/// What the providers outside the process have in common; see the one of your backend.
///
/// - Locks of guards and `execute`s are leases, renewed in the background at a third of their length, all
///   of a provider's in one message. If they cannot be renewed they are lost by the clock of this process,
///   which is earlier than the backend gives them to anybody else: counted from when the last renewal that
///   succeeded was sent, and a tenth of the lease early.
/// - A call whose answer is lost with its connection is sent again, and gets the same answer. A call that
///   gives up is taken back in the background.
/// - So many messages (1024) are on their way to the backend at most. What more is asked waits in this
///   process, and a call that gives up there has never been anywhere else.
/// - While the backend cannot be reached, calls fail with errc::provider_unavailable: at their `wait`, or
///   after the time to connect if they have none.
/// - Connections are made when they are needed, and again after they broke. An idle provider keeps no work
///   pending: `io_context::run()` may return.
///
/// Lifetime: it may be destroyed with calls waiting (they complete with errc::closed) and with guards alive
/// (they keep what they need, and their leases are still renewed). It may outlive the executor's context;
/// calls fail with errc::closed then. Thread safety: all members are safe to call at once, but for the
/// destructor.
class remote_provider : public provider {
public:
    ~remote_provider() override;

    [[nodiscard]] clock_source& clock() const noexcept override; ///< boottime_clock_source()
    [[nodiscard]] asio::awaitable<acquisition> acquire(const lock_request& request) override;
    [[nodiscard]] asio::awaitable<time_point> extend(grant held, duration span) override;
    [[nodiscard]] asio::awaitable<bool> release(key_set keys, std::string owner) override;
    [[nodiscard]] asio::awaitable<bool> release(grant held) override;
    [[nodiscard]] asio::awaitable<std::size_t> release_all(std::optional<std::string> owner) override;
    [[nodiscard]] asio::awaitable<std::vector<lock_info>> list(list_request what) override;
    void stop() noexcept override;
    [[nodiscard]] asio::awaitable<void> close() override;
    void set_observer(std::shared_ptr<observer> watcher) override;
    /// Of the calls made here. `held` counts the keys of guards and `execute`s.
    [[nodiscard]] provider_statistics statistics() const override;

protected:
    explicit remote_provider(std::shared_ptr<remote::engine> engine) noexcept;
    [[nodiscard]] const std::shared_ptr<remote::engine>& core() const noexcept { return engine_; }

private:
    const std::shared_ptr<remote::engine> engine_;
};

} // namespace colock
