#include "service.hpp"

#include "publisher.hpp"
#include "session.hpp"

#include <colock/make_provider.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>

namespace seat_service {

/// Passes on what happens to locks.
class service::lock_observer final : public colock::observer {
public:
    explicit lock_observer(service& to) : to_(to) {}

    void on_event(const colock::lock_event& event) noexcept override {
        to_.numbers.count(event);
        to_.who_has_what.on_event(event);
    }

    void on_error(const std::exception_ptr& error) noexcept override {
        try {
            std::rethrow_exception(error);
        } catch (const std::exception& e) {
            spdlog::warn("in the background: {}", e.what());
        }
    }

private:
    service& to_;
};

service::service(asio::io_context& context, settings how)
    : options(std::move(how)),
      doors(options.credentials, options.allowed_origins, is_loopback_address(options.address)), io(context),
      who_has_what([this] { publisher_->wake(); }),
      theatre([this](const seat& what, const seat_store::totals& totals) {
          for_each_watcher([&](session& each) { each.show_seat(what, totals); });
      }),
      locks(context.get_executor()), publisher_(std::make_shared<publisher>(*this, context)) {
    locks.add_provider("seats", colock::make_provider(context.get_executor(), options.provider));
    locks.set_observer(std::make_shared<lock_observer>(*this));
    publisher_->start();
}

service::~service() = default;

colock::grant service::in_local_time(const colock::grant& held) const {
    if (held.expires_at() == colock::never)
        return held;
    return held.with_expiry(steady_clock::now() + (held.expires_at() - locks.get_provider().clock().now()));
}

std::string service::keep(held_lock what) {
    const bool expires = !what.guard;
    what.grant = expires ? in_local_time(what.grant) : what.grant.with_expiry(colock::never);
    who_has_what.note(what.grant, what.who, held.name_of(what.grant), what.owner);
    auto [name, is_first] = held.add(std::move(what));
    if (is_first)
        publisher_->wake_for_expiry();
    return std::move(name);
}

colock::grant service::prolong(const std::string& name, const colock::grant& changed) {
    const colock::grant local = in_local_time(changed);
    who_has_what.prolong(local);
    if (held.prolong(name, local))
        publisher_->wake_for_expiry();
    return local;
}

asio::awaitable<bool> service::give_back(held_lock what) {
    bool was_held = false;
    if (what.guard)
        was_held = co_await what.guard.release();
    else
        was_held = co_await locks.release(what.grant);
    co_return was_held;
}

connection_id service::join(const std::shared_ptr<session>& who) {
    const std::lock_guard lock(mutex_);
    if (draining_ || sessions_.size() >= options.allowed.max_connections)
        return 0;
    sessions_.emplace(++last_connection_, who);
    most_sessions_ = std::max(most_sessions_, sessions_.size());
    numbers.connection_opened();
    return last_connection_;
}

void service::leave(connection_id who) {
    const std::lock_guard lock(mutex_);
    watchers_.erase(who);
    if (sessions_.erase(who) > 0)
        numbers.connection_closed();
    if (sessions_.empty() && last_left_)
        last_left_();
}

bool service::is_full() const {
    const std::lock_guard lock(mutex_);
    return draining_ || sessions_.size() >= options.allowed.max_connections;
}

std::size_t service::connections() const {
    const std::lock_guard lock(mutex_);
    return sessions_.size();
}

bool service::is_crowd_gone() {
    constexpr std::size_t crowd = 100;
    const std::lock_guard lock(mutex_);
    const std::size_t now = sessions_.size();
    if (most_sessions_ < now + crowd || most_sessions_ < 2 * now)
        return false;
    most_sessions_ = now;
    return true;
}

void service::add_watcher(connection_id id, const std::shared_ptr<session>& who) {
    const std::lock_guard lock(mutex_);
    if (sessions_.contains(id))
        watchers_.try_emplace(id, who);
}

void service::for_each(const session_map& which, const std::function<void(session&)>& call) {
    // The last one to let go of a session must not do so under the mutex.
    std::vector<std::shared_ptr<session>> all;
    {
        const std::lock_guard lock(mutex_);
        all.reserve(which.size());
        for (const auto& [id, weak] : which)
            if (auto one = weak.lock())
                all.push_back(std::move(one));
    }
    for (const auto& each : all)
        call(*each);
}

void service::begin_drain(std::function<void()> ended) {
    {
        const std::lock_guard lock(mutex_);
        draining_ = true; // nobody joins from now on
        last_left_ = std::move(ended);
    }
    for_each_session([&](session& each) { each.drain(options.drain_time); });
}

void service::stop() {
    publisher_->stop();
}

std::string service::metrics_text() {
    const seat_store::totals seats = theatre.count();
    return numbers.text({.locks = locks.get_provider().statistics(),
                         .named_locks = held.size(),
                         .seats_sold = seats.sold,
                         .conflicts = seats.conflicts});
}

} // namespace seat_service
