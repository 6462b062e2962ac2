#pragma once

#include <colock/provider.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>

namespace colock {

namespace detail {
class loss_watch;
struct loss_watch_deleter {
    void operator()(loss_watch* watch) const noexcept;
};
} // namespace detail

/// A grant bound to a scope: it releases the lock when it goes away. Move-only; default-constructed, moved
/// from or released it is empty.
///
/// It ends in one of three ways. Inside `execute` you need none. `co_await g.release()` tells whether the
/// lock had been held all the time. The destructor releases as well: on the in-memory provider at once; on
/// one outside the process in the background, with the lease as the last resort.
///
/// Lifetime: it may outlive the service, the provider and the io_context. Thread safety: as a plain object,
/// but the lock may be lost at any time from elsewhere.
class guard {
public:
    guard() noexcept = default;
    guard(hold_ptr held, std::uint64_t token) noexcept : held_(std::move(held)), token_(token) {}
    guard(guard&&) noexcept = default;
    guard& operator=(guard&& other) noexcept; ///< releases what it has held before
    ~guard() {
        if (watch_)
            end_watch();
    }

    /// Whether it is responsible for a lock, which may have been lost meanwhile.
    [[nodiscard]] explicit operator bool() const noexcept { return held_ != nullptr; }

    /// The fencing token, see grant::token(); zero when empty.
    [[nodiscard]] std::uint64_t token() const noexcept { return held_ ? token_ : 0; }

    /// What is held, as a value; no release or extend by it can touch the guard's lock. Empty when empty.
    [[nodiscard]] colock::grant grant() const { return held_ ? held_->describe() : colock::grant(); }

    /// Whether the lock was lost while the guard had it: taken by `release_all` or `close`, or its lease ran
    /// out.
    [[nodiscard]] bool lost() const noexcept { return held_ && held_->state() != loss::none; }

    /// Releases the lock and empties the guard. Completes with true if the lock was held until now, false if
    /// it had been lost or the guard was empty.
    ///
    /// Errors: provider_unavailable on a provider outside the process; the guard is empty all the same.
    /// Cancellation: terminal; the lock is then released in the background.
    [[nodiscard]] asio::awaitable<bool> release();

    /// Completes when the lock is lost; at once if it has been. When the guard is released, destroyed, moved
    /// onto or empty, it fails with `operation_aborted`.
    ///
    /// Cancellation: all types; `operation_aborted`. The guard may be moved meanwhile.
    ///
    /// Example: `co_await (work() || g.wait_lost());` in a coroutine on one thread.
    [[nodiscard]] asio::awaitable<void> wait_lost();

    /// Releases the lock, as the destructor does.
    void reset() noexcept;

private:
    void end_watch() noexcept;

    hold_ptr held_;
    std::uint64_t token_ = 0;
    std::unique_ptr<detail::loss_watch, detail::loss_watch_deleter> watch_; // made by the first wait_lost()
};

} // namespace colock
