#pragma once

#include "access.hpp"
#include "board.hpp"
#include "lock_directory.hpp"
#include "metrics.hpp"
#include "seat_store.hpp"
#include "settings.hpp"

#include <colock/locking_service.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace seat_service {

namespace asio = boost::asio;

class session;
class publisher;

/// What all connections share. Thread-safe.
class service {
public:
    /// \throws colock::lock_error invalid_argument: the provider's URL
    service(asio::io_context& io, settings how);
    ~service();
    service(const service&) = delete;
    service& operator=(const service&) = delete;

    using strand = asio::strand<asio::io_context::executor_type>;

    [[nodiscard]] bool sees_all() const noexcept { return options.show_board; }

    /// Registers a lock that a client was given, and tells its name.
    std::string keep(held_lock what);
    /// Its end was moved; completes with the grant in local time.
    colock::grant prolong(const std::string& name, const colock::grant& changed);
    /// Gives a lock back that was taken out of the directory. Whether all of it was held until now.
    [[nodiscard]] asio::awaitable<bool> give_back(held_lock what);
    /// The same grant, its end by std::chrono::steady_clock whatever the provider's clock is.
    [[nodiscard]] colock::grant in_local_time(const colock::grant& held) const;

    // ---- the connections ----

    [[nodiscard]] connection_id join(const std::shared_ptr<session>& who); ///< zero: the server is full
    void leave(connection_id who);
    [[nodiscard]] bool is_full() const;
    [[nodiscard]] std::size_t connections() const;
    /// Whether there are far fewer connections than there were once since this was true last.
    [[nodiscard]] bool is_crowd_gone();
    /// From now on it is told what changes.
    void add_watcher(connection_id id, const std::shared_ptr<session>& who);
    void for_each_watcher(const std::function<void(session&)>& call) { for_each(watchers_, call); }
    void for_each_session(const std::function<void(session&)>& call) { for_each(sessions_, call); }

    /// Whether nothing new is taken any more.
    [[nodiscard]] bool is_draining() const noexcept { return draining_; }
    /// From now on. Calls `ended` when the last connection has ended, if there is one.
    void begin_drain(std::function<void()> ended);
    /// Tells nobody anything any more. After the last connection has ended.
    void stop();

    [[nodiscard]] std::string metrics_text();

    const settings options;
    const access doors;
    asio::io_context& io;
    metrics numbers;
    board who_has_what;
    seat_store theatre;
    lock_directory held;
    colock::locking_service locks;

private:
    class lock_observer;

    using session_map = std::unordered_map<connection_id, std::weak_ptr<session>>;
    void for_each(const session_map& which, const std::function<void(session&)>& call);

    const std::shared_ptr<publisher> publisher_;
    std::atomic<bool> draining_{false};
    mutable std::mutex mutex_;
    session_map sessions_;
    std::size_t most_sessions_ = 0;
    session_map watchers_;
    std::function<void()> last_left_;
    connection_id last_connection_ = 0;
};

} // namespace seat_service
