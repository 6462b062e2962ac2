#include "session_waiting.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include <set>

namespace seat_service {
namespace {

constexpr std::size_t most_named_locks = 100'000; // of all named owners: they outlive their connections

/// Counts one more while it lives.
class one_more {
public:
    explicit one_more(std::size_t& of) : of_(of) { ++of_; }
    one_more(const one_more&) = delete;
    one_more& operator=(const one_more&) = delete;
    ~one_more() { --of_; }

private:
    std::size_t& of_;
};

} // namespace

std::string session::owner_key(const std::string& owner) const {
    if (!me_->owner.empty() && owner != me_->owner)
        throw failure(fault::permission_denied, "your token is not that owner's");
    return me_->owner_key(owner);
}

void session::check_lock_count(const acquire& what) const {
    const std::size_t most = service_.options.allowed.max_locks;
    const std::size_t has = what.owner ? service_.held.count(*me_) : service_.held.count(id_);
    if (has + promised_locks_ >= most)
        throw failure(fault::too_many_locks, "you hold " + std::to_string(most) + " locks already");
    if (what.owner && service_.held.size() >= most_named_locks)
        throw failure(fault::too_many_locks, "the server's named owners hold too many locks already");
}

asio::awaitable<json::object> session::handle(acquire& what, pending& as) {
    const colock::key_set keys(what.keys.begin(), what.keys.end());
    check_lock_count(what);
    const one_more promised(promised_locks_);
    held_lock taken = co_await take_lock(what, keys, as);

    if (dropped_ || closing_ || draining_) {
        // It came too late for anybody to use it; a cancellation that came as late must not stop its end.
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        co_await service_.give_back(std::move(taken));
        throw failure(fault::closed, "the connection ends");
    }
    const colock::grant grant = taken.grant;
    const bool expires = !taken.guard;
    if (!expires && service_.locks.get_provider().needs_lease()) {
        auto lost = taken.guard.wait_lost();
        asio::co_spawn(strand_,
                       tell_loss(shared_from_this(), service_.held.name_of(grant), grant, std::move(lost)),
                       asio::detached);
    }
    const std::string name = service_.keep(std::move(taken));
    co_return lock_result(name, service_.in_local_time(grant), expires, steady_clock::now());
}

asio::awaitable<held_lock> session::take_lock(acquire& what, const colock::key_set& keys, pending& as) {
    held_lock result;
    result.who = me_;
    result.taker = weak_from_this();
    waiting turn(*this, as, keys, what.mode, what.wait);
    if (what.owner || what.expire) {
        result.owner = what.owner.value_or("");
        result.connection = what.owner ? 0 : id_;
        const std::string owner = what.owner ? owner_key(*what.owner) : std::string();
        const colock::acquire_options options{
            .owner = owner, .expire = what.expire, .wait = what.wait, .mode = what.mode};
        result.grant = co_await service_.locks.acquire(keys, options);
    } else {
        result.connection = id_;
        const colock::lock_options options{.wait = what.wait, .mode = what.mode};
        result.guard = co_await service_.locks.lock(keys, options);
        result.grant = result.guard.grant();
    }
    turn.granted();
    co_return result;
}

/// A guard's lock is renewed, but may be lost all the same where it lives outside the process.
asio::awaitable<void> session::tell_loss(std::shared_ptr<session> self, std::string name, colock::grant held,
                                         asio::awaitable<void> lost) {
    service& shared = self->service_;
    const std::weak_ptr<session> whose = self;
    self.reset();
    try {
        co_await std::move(lost);
    } catch (const boost::system::system_error&) {
        co_return; // it was released
    }
    const std::optional<held_lock> taken = shared.held.take(name);
    if (!taken)
        co_return;
    shared.who_has_what.end(held, colock::lock_event_kind::expired);
    if (const auto session = whose.lock())
        session->lost(std::move(name), held.keys().to_vector(), lost_why::expired);
}

asio::awaitable<json::object> session::handle(extend& what, pending&) {
    const auto found = service_.held.find(what.lock, *me_);
    if (!found)
        throw failure(fault::lease_lost, "you hold no lock of that name");
    if (!found->expires)
        throw failure(fault::bad_request, "a lock taken without \"expire_ms\" does not expire");
    colock::grant extended;
    try {
        extended = co_await service_.locks.extend(found->grant, what.expire);
    } catch (const colock::lock_error& error) {
        if (error.code() == colock::errc::lease_lost)
            (void)service_.held.take(what.lock, *me_);
        throw;
    }
    extended = service_.prolong(what.lock, extended);
    co_return lock_result(what.lock, extended, true, steady_clock::now());
}

asio::awaitable<json::object> session::handle(release& what, pending&) {
    std::optional<held_lock> taken = service_.held.take(what.lock, *me_);
    bool released = false;
    if (taken)
        released = co_await service_.give_back(std::move(*taken));
    co_return json::object{{"released", released}};
}

asio::awaitable<json::object> session::handle(release_all& what, pending&) {
    std::size_t released = 0;
    std::set<std::string> owners;
    if (what.owner) {
        owners.insert(owner_key(*what.owner));
    } else {
        for (held_lock& each : service_.held.take_all(id_)) {
            const std::size_t keys = each.grant.keys().size();
            const bool all = co_await service_.give_back(std::move(each));
            released += all ? keys : 0;
        }
    }
    for (const held_lock& each : service_.held.take_all(*me_, what.owner.value_or("")))
        owners.insert(me_->owner_key(each.owner));
    for (const std::string& owner : owners) {
        const colock::release_all_options options{.owner = owner};
        released += co_await service_.locks.release_all(options);
    }
    co_return json::object{{"released", released}};
}

} // namespace seat_service
