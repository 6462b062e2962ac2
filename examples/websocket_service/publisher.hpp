#pragma once

#include "seat_store.hpp"
#include "service.hpp"

#include <boost/asio/steady_timer.hpp>

#include <memory>

namespace seat_service {

/// Tells connections what has changed: what others hold (50 ms of it at a time), seats, and once a second the
/// figures. It also sees to the ends of locks that expire.
///
/// Thread-safe but for start() and stop().
class publisher : public std::enable_shared_from_this<publisher> {
public:
    publisher(service& whose, asio::io_context& io);

    void start();
    void stop(); ///< on a strand of its own; nothing is told from then on

    /// The board has something to collect.
    void wake();
    /// Some lock expires earlier than all before.
    void wake_for_expiry();

private:
    void collect();
    void expire();
    void tell_figures();
    void await_expiry();
    void await_second();

    service& service_;
    service::strand strand_;
    asio::steady_timer soon_;
    asio::steady_timer expiry_;
    asio::steady_timer second_;
    bool stopped_ = false;
    std::uint64_t acquired_ = 0;
    std::uint64_t reserved_ = 0;
};

} // namespace seat_service
