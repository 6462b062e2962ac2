#include "session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

namespace seat_service {
namespace {

constexpr auto token_may_take = std::chrono::seconds(5);
constexpr auto close_may_take = std::chrono::seconds(5);

} // namespace

session::session(service& shared, service::strand strand, std::unique_ptr<web_socket> socket)
    : service_(shared), strand_(std::move(strand)), socket_(std::move(socket)),
      outbox_(shared.options.allowed.max_queue), me_(identity::guest()),
      rate_(shared.options.allowed.max_requests_per_second, steady_clock::now()),
      quiet_(strand_, steady_clock::time_point::max()), idle_(strand_), token_due_(strand_),
      close_due_(strand_) {}

session::~session() = default;

asio::awaitable<void> session::run(std::shared_ptr<session> self, std::string shown) {
    session& s = *self;
    s.id_ = s.service_.join(self);
    if (s.id_ == 0)
        s.close(close_code::try_again_later, "the server is full");
    else
        s.await_admission(shown);
    s.watch_idle();
    co_await s.read_all();

    s.dropped_ = true;
    s.outbox_.drop_rest();
    s.idle_.cancel();
    s.token_due_.cancel();
    s.end_requests(fault::cancelled);
    co_await s.until_quiet();
    co_await s.release_held();
    s.close_due_.cancel();
    s.socket_->abort();
    s.service_.leave(s.id_);
}

asio::awaitable<void> session::read_all() {
    try {
        for (;;) {
            const web_socket::message next = co_await socket_->read();
            if (closing_)
                continue; // until the peer has closed as well
            if (!next.is_text)
                close(close_code::unsupported_data, "messages are text");
            else
                take(next.bytes);
        }
    } catch (const boost::system::system_error& e) {
        spdlog::debug("connection {} ended: {}", id_, e.code().message());
    }
}

// ---- sending ----

void session::send(std::string text) {
    if (dropped_ || closing_)
        return;
    if (!outbox_.push(std::move(text)))
        return close(close_code::policy_violation, "you do not read what you asked for");
    write();
}

void session::write() {
    if (!std::exchange(writing_, true))
        asio::co_spawn(strand_, write_all(shared_from_this()), asio::detached);
}

asio::awaitable<void> session::write_all(std::shared_ptr<session> self) {
    session& s = *self;
    try {
        while (!s.outbox_.empty()) {
            co_await s.socket_->write(s.outbox_.front());
            s.outbox_.pop();
            if (s.outbox_.empty())
                s.flush_events();
        }
        if (s.closing_)
            co_await s.socket_->close(s.close_code_, s.close_reason_);
    } catch (const boost::system::system_error&) {
        s.socket_->abort(); // the reader finds out, and ends the session
    }
    s.writing_ = false;
}

/// What waits to be sent still is, but for a client that broke the rules. What it holds is free at once: the
/// peer may be gone, and never answer.
void session::close(close_code code, const char* reason) {
    if (dropped_ || std::exchange(closing_, true))
        return;
    spdlog::debug("connection {} is closed: {}", id_, reason);
    close_code_ = code;
    close_reason_ = reason;
    if (code != close_code::going_away)
        outbox_.drop_rest();
    close_due_.expires_after(close_may_take);
    close_due_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error)
            self->socket_->abort();
    });
    write();
    end_requests(fault::cancelled);
    asio::co_spawn(strand_, let_go(shared_from_this()), asio::detached);
}

asio::awaitable<void> session::let_go(std::shared_ptr<session> self) {
    co_await self->until_quiet();
    co_await self->release_held();
}

// ---- timers ----

/// Pings a client that has been silent for half of the idle timeout, and closes at its end.
void session::watch_idle() {
    const auto now = steady_clock::now();
    const auto limit = service_.options.allowed.idle_timeout;
    const auto heard = socket_->last_heard();
    if (now - heard >= limit)
        return close(close_code::policy_violation, "nothing was heard of you");
    const bool ping_due = now - heard >= limit / 2;
    if (ping_due && !std::exchange(pinging_, true))
        asio::co_spawn(strand_, ping_peer(shared_from_this()), asio::detached);
    idle_.expires_at(heard + (ping_due ? limit : limit / 2));
    idle_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (!error && self && !self->dropped_ && !self->closing_)
            self->watch_idle();
    });
}

asio::awaitable<void> session::ping_peer(std::shared_ptr<session> self) {
    try {
        co_await self->socket_->ping();
    } catch (const boost::system::system_error&) {
        // The reader fails as well.
    }
    self->pinging_ = false;
}

void session::await_admission(const std::string& shown) {
    admitted_ = !service_.doors.asks_for_token();
    if (admitted_)
        return;
    if (!shown.empty() && !admit(shown))
        return close(close_code::policy_violation, "not a valid token");
    token_due_.expires_after(token_may_take);
    token_due_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (!error && self && !self->admitted_)
            self->close(close_code::policy_violation, "no token was shown");
    });
}

// ---- the end ----

void session::end_requests(fault why) {
    const auto all = requests_; // those that end at once change it
    for (const auto& [id, one] : all)
        one->give_up(why);
}

asio::awaitable<void> session::until_quiet() {
    boost::system::error_code cancelled;
    while (!requests_.empty())
        co_await quiet_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

asio::awaitable<void> session::release_held() {
    for (held_lock& each : service_.held.take_all(id_)) {
        try {
            co_await service_.give_back(std::move(each));
        } catch (const std::exception& e) {
            spdlog::warn("a lock of connection {} is left to expire: {}", id_, e.what());
        }
    }
}

void session::drain(milliseconds limit) {
    asio::post(strand_, [self = shared_from_this(), limit] {
        if (self->dropped_ || self->closing_)
            return;
        self->draining_ = true;
        self->send(event("closing", {{"in_ms", limit.count()}}));
        const auto all = self->requests_; // those that end at once change it
        for (const auto& [id, one] : all)
            if (one->waits)
                one->give_up(fault::closed);
        asio::co_spawn(self->strand_, drain_and_close(self), asio::detached);
    });
}

asio::awaitable<void> session::drain_and_close(std::shared_ptr<session> self) {
    co_await self->until_quiet();
    co_await self->release_held();
    self->close(close_code::going_away, "the server stops");
}

void session::abort() {
    asio::post(strand_, [self = shared_from_this()] { self->socket_->abort(); });
}

// ---- from elsewhere ----

void session::lost(std::string lock, std::vector<std::string> keys, lost_why why) {
    asio::post(strand_, [self = shared_from_this(), lock = std::move(lock), keys = std::move(keys), why] {
        self->service_.numbers.count_lost_lease();
        self->send(lost_event(lock, keys, why));
    });
}

void session::moved(std::vector<place> places) {
    asio::post(strand_, [self = shared_from_this(), places = std::move(places)]() mutable {
        for (place& each : places)
            self->new_places_[{each.request, each.key}] = std::move(each);
        self->flush_events();
    });
}

} // namespace seat_service
