#pragma once

#include "detail/context_watch.hpp"
#include "detail/resumption.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/intrusive/list.hpp>

#include <memory>
#include <mutex>

namespace colock::detail {

/// Coroutines that wait for one thing that happens once. Thread-safe. For waits that are rare: each registers
/// with its context.
class wait_list final : public context_user {
public:
    wait_list() = default;
    ~wait_list() { detach(); }

    /// It has happened: wakes all who wait, and whoever comes later at once. Only the first call counts.
    void happen(bool what) noexcept;

    /// Completes with what happen() was told. Cancellation: all types; `operation_aborted`.
    static asio::awaitable<bool> wait(std::shared_ptr<wait_list> list);

    std::vector<resumption> forget(asio::execution_context& context) noexcept override;

private:
    struct waiting {
        boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> hook;
        resumption resume;
        bool queued = false;
        bool what = false;
        bool cancelled = false;
    };
    struct canceller;

    void add(waiting& w);
    void cancel(waiting& w) noexcept;
    void wake(waiting& w) noexcept;

    std::mutex mutex_;
    boost::intrusive::list<waiting,
                           boost::intrusive::member_hook<waiting, decltype(waiting::hook), &waiting::hook>>
        list_;
    bool happened_ = false;
    bool what_ = false;
};

} // namespace colock::detail
