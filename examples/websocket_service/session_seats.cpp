#include "session_waiting.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <boost/json/array.hpp>

namespace seat_service {
namespace {

colock::key_set keys_of(const seat_list& which) {
    std::vector<std::string> keys;
    for (const std::size_t number : which)
        keys.push_back(seat_key(number));
    return {keys.begin(), keys.end()};
}

json::array names_of(const seat_list& which) {
    json::array names;
    for (const std::size_t number : which)
        names.emplace_back(seat_name(number));
    return names;
}

/// Uses a lock of a client's own while it lives.
class lock_in_use {
public:
    lock_in_use(lock_directory& all, const std::string& name, const identity& who)
        : all_(all), name_(name), grant_(all.enter(name, who)) {}
    lock_in_use(const lock_in_use&) = delete;
    lock_in_use& operator=(const lock_in_use&) = delete;
    ~lock_in_use() { all_.leave(name_); }

    [[nodiscard]] const colock::grant& grant() const { return grant_; }
    [[nodiscard]] bool lost() const { return !all_.is_held(name_); }

private:
    lock_directory& all_;
    const std::string& name_;
    const colock::grant grant_;
};

} // namespace

/// What is to become of seats.
struct session::trade {
    const seat_list& which;
    milliseconds payment{0};
    std::function<void(seat&)> change; ///< of each; throws if it must not be
};

/// Looks, pays, writes. Between looking and writing nobody else may change the seats: that is what the lock
/// is for. If it was lost on the way, the store finds out by the token.
asio::awaitable<void> session::change_seats(const trade& what, std::uint64_t token,
                                            const std::function<bool()>& lost) {
    std::vector<seat> seen = service_.theatre.look(what.which, token);
    for (seat& each : seen)
        what.change(each);
    if (what.payment > milliseconds(0)) {
        asio::steady_timer paid(strand_, what.payment);
        co_await paid.async_wait(asio::use_awaitable);
    }
    if (lost())
        throw failure(fault::lease_lost, "the lock was lost while you paid", keys_of(what.which).to_vector());
    service_.theatre.write(seen, token);
}

/// Does it under the seats' locks: those of an `execute`, or one that the client holds. Completes with the
/// token.
asio::awaitable<std::uint64_t> session::trade_seats(const trade& what,
                                                    const std::optional<std::string>& own_lock,
                                                    milliseconds wait, pending& as) {
    std::uint64_t token = seat_store::unchecked;
    if (own_lock) {
        const lock_in_use under(service_.held, *own_lock, *me_);
        const colock::key_set keys = keys_of(what.which);
        const auto covers = [&](std::string_view key) { return under.grant().keys().contains(key); };
        if (!std::all_of(keys.begin(), keys.end(), covers) ||
            under.grant().mode() != colock::lock_mode::exclusive)
            throw failure(fault::bad_request, "that lock is not an exclusive one of all these seats",
                          keys.to_vector());
        token = under.grant().token();
        const std::function<bool()> lost = [&] { return under.lost(); };
        co_await change_seats(what, token, lost);
        co_return token;
    }
    if (service_.options.without_locks) {
        const std::function<bool()> never_lost = [] { return false; };
        co_await change_seats(what, token, never_lost);
        co_return token;
    }

    const colock::key_set keys = keys_of(what.which);
    waiting turn(*this, as, keys, colock::lock_mode::exclusive, wait);
    const auto job = [&](colock::lease& lease) -> asio::awaitable<void> {
        turn.granted();
        token = lease.token();
        service_.who_has_what.note(lease.grant().with_expiry(colock::never), me_, {}, {});
        const std::function<bool()> lost = [&] { return lease.lost(); };
        co_await change_seats(what, token, lost);
    };
    const colock::execute_options options{.timeout = wait + what.payment + std::chrono::seconds(5),
                                          .wait = wait};
    co_await service_.locks.execute(keys, job, options);
    co_return token;
}

asio::awaitable<json::object> session::handle(reserve& what, pending& as) {
    const std::string name = what.name.value_or(me_->name);
    const trade sale{.which = what.seats, .payment = service_.options.payment, .change = [&](seat& each) {
                         if (each.buyer)
                             throw failure(fault::sold, "seat " + seat_name(each.number) + " is sold",
                                           {seat_key(each.number)});
                         each.buyer = me_;
                         each.name = name;
                     }};
    const std::uint64_t token = co_await trade_seats(sale, what.lock, what.wait, as);
    service_.numbers.count_sale(what.seats.size());
    co_return json::object{{"seats", names_of(what.seats)}, {"token", token_text(token)}, {"name", name}};
}

void session::check_own(const seat& which) const {
    if (!which.buyer || which.buyer->id != me_->id)
        throw failure(fault::not_yours, "seat " + seat_name(which.number) + " is not yours",
                      {seat_key(which.number)});
}

asio::awaitable<json::object> session::handle(rename& what, pending& as) {
    const trade renaming{.which = what.seats, .change = [&](seat& each) {
                             check_own(each);
                             each.name = what.name;
                         }};
    const std::uint64_t token = co_await trade_seats(renaming, std::nullopt, what.wait, as);
    co_return json::object{
        {"seats", names_of(what.seats)}, {"token", token_text(token)}, {"name", what.name}};
}

asio::awaitable<json::object> session::handle(give_back& what, pending& as) {
    const trade return_{.which = what.seats, .change = [&](seat& each) {
                            check_own(each);
                            each.buyer = nullptr;
                            each.name.clear();
                        }};
    const std::uint64_t token = co_await trade_seats(return_, std::nullopt, what.wait, as);
    co_return json::object{{"seats", names_of(what.seats)}, {"token", token_text(token)}};
}

} // namespace seat_service
