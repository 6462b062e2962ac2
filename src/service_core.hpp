#pragma once

#include <colock/provider.hpp>

#include "detail/background.hpp"
#include "detail/wait_list.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace colock::memory {
class lock_table;
}

namespace colock::detail {

class service_core;

/// A provider with its id. Calls in progress and the holds made for it keep it alive.
struct registered_provider : std::enable_shared_from_this<registered_provider> {
    registered_provider(std::string id, std::unique_ptr<colock::provider> provider, service_core& core);

    void report(const std::exception_ptr& error) const noexcept; ///< to the service's observer

    const std::string id;
    const std::uint64_t tag; ///< unique in the process, for grants
    const std::unique_ptr<provider> impl;
    const bool needs_lease;
    const std::shared_ptr<memory::lock_table> local; ///< of a memory_provider, else null
    const std::shared_ptr<background> in_background; ///< the service's executor
    const std::weak_ptr<service_core> core;

private:
    [[nodiscard]] static std::shared_ptr<memory::lock_table> table_of(const provider* of) noexcept;
};

/// What a locking_service shares with its running calls.
class service_core : public std::enable_shared_from_this<service_core> {
public:
    [[nodiscard]] static std::shared_ptr<service_core> make(const asio::any_io_executor& executor);

    void add(std::string id, std::unique_ptr<provider> impl, bool is_default);
    /// \throws lock_error unknown_provider
    [[nodiscard]] registered_provider& find(std::string_view id) const {
        return id.empty() ? *default_.load(std::memory_order_acquire) : find_named(id);
    }
    [[nodiscard]] registered_provider& find(std::uint64_t tag) const; ///< the same
    [[nodiscard]] std::vector<std::shared_ptr<registered_provider>> providers() const;
    [[nodiscard]] const std::shared_ptr<background>& in_background() const noexcept { return in_background_; }

    void set_observer(std::shared_ptr<observer> watcher);
    void report(const std::exception_ptr& error) const noexcept; ///< to the observer

    /// An `execute` begins. False: the service is closed, and it must not.
    [[nodiscard]] bool job_begins() noexcept;
    void job_ends() noexcept;

    void stop() noexcept; ///< no new acquisitions, no more waits
    static asio::awaitable<void> close(std::shared_ptr<service_core> core);

private:
    explicit service_core(const asio::any_io_executor& executor)
        : in_background_(std::make_shared<background>(executor)) {}

    [[nodiscard]] registered_provider& find_named(std::string_view id) const;

    // Running jobs are counted in several places, so that threads do not fight over one; the sum counts. A
    // job that ends looks whether the service is closed after it has counted, and close() sums after it has
    // closed: in the one order of all these (sequentially consistent) operations, one of the two sees the
    // other.
    struct alignas(128) counter {
        std::atomic<std::ptrdiff_t> value{0};
    };
    [[nodiscard]] counter& my_counter() noexcept;
    [[nodiscard]] std::ptrdiff_t running() const noexcept;

    const std::shared_ptr<background> in_background_;
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<registered_provider>> providers_; ///< in order of registration; only grows
    registered_provider* flagged_ = nullptr;                      ///< as default, the last one
    std::atomic<registered_provider*> default_{nullptr};
    std::shared_ptr<observer> watcher_;
    std::atomic<bool> closed_{false};
    std::array<counter, 8> running_;
    const std::shared_ptr<wait_list> idle_ = std::make_shared<wait_list>(); ///< closed, and no job runs
};

/// A hold for a provider that has none of its own: it releases by the grant, in the background if dropped. It
/// is lost only by its time limit; a loss at the provider shows when it is released.
[[nodiscard]] hold_ptr make_plain_hold(std::shared_ptr<registered_provider> of, grant held,
                                       time_point hold_until);

} // namespace colock::detail
