#include "session.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "secrets.hpp"

namespace seat_service {
namespace {

constexpr std::size_t most_requests = 4096; // of a connection, at work at once
constexpr std::size_t no_operation = std::size(operation_names);

} // namespace

/// One message of the client.
void session::take(std::string_view text) {
    const token_bucket::verdict rate = rate_.take(steady_clock::now());
    if (rate == token_bucket::verdict::flood)
        return close(close_code::policy_violation, "you go on sending far beyond your rate");
    auto parsed = parse_request(text, service_.options.allowed);
    if (refusal* refused = std::get_if<refusal>(&parsed)) {
        if (rate == token_bucket::verdict::refuse)
            refused->why = fault::too_many_requests;
        return refuse(*refused, no_operation);
    }
    request& asked = std::get<request>(parsed);
    const std::size_t operation = asked.what.index();
    const auto refuse_as = [&](fault why, const char* message) {
        refuse({.id = asked.id, .why = why, .message = message}, operation);
    };
    if (rate == token_bucket::verdict::refuse || requests_.size() >= most_requests)
        return refuse_as(fault::too_many_requests, "more than you may send; this was not done");
    const auto as = std::make_shared<pending>();
    if (!requests_.try_emplace(asked.id, as).second)
        return refuse_as(fault::duplicate_id, "a request of that id is still being worked on");
    as->id = std::move(asked.id);
    // The signal must outlive all of the spawned coroutine, not only its function.
    auto ended = [as](const std::exception_ptr&) {};
    asio::co_spawn(strand_, work(shared_from_this(), std::move(asked.what), as),
                   asio::bind_cancellation_slot(as->cancel.slot(), std::move(ended)));
}

void session::refuse(const refusal& why, std::size_t operation) {
    service_.numbers.count_request(operation, why.why);
    send(error_response(why.id, failure(why.why, why.message)));
}

asio::awaitable<void> session::work(std::shared_ptr<session> self, operation what,
                                    std::shared_ptr<pending> as) {
    session& s = *self;
    as->started = true;
    std::string reply;
    fault outcome = fault::none;
    try {
        s.check_admission(what);
        auto doing = std::visit([&](auto& op) { return s.handle(op, *as); }, what);
        const json::object result = co_await std::move(doing);
        reply = response(as->id, result);
    } catch (...) {
        const failure why = s.explain(*as);
        outcome = why.why;
        reply = error_response(as->id, why);
    }
    s.service_.numbers.count_request(what.index(), outcome);
    s.requests_.erase(as->id);
    s.send(std::move(reply));
    if (s.shown_wrong_token_)
        s.close(close_code::policy_violation, "not a valid token");
    if (s.requests_.empty())
        s.quiet_.cancel();
}

failure session::explain(const pending& as) const {
    failure why = current_failure();
    if (why.why == fault::cancelled && as.given_up == fault::closed)
        return {fault::closed, "the server stops"};
    if (why.why == fault::lease_lost)
        service_.numbers.count_lost_lease();
    return why;
}

/// Whether the client may ask for that now.
void session::check_admission(const operation& what) {
    const bool is_hello = std::holds_alternative<hello>(what);
    if (is_hello && greeted_)
        throw failure(fault::bad_request, "\"hello\" must be the first request");
    if (is_hello)
        return;
    if (!admitted_)
        throw failure(fault::permission_denied, "show a token first, by \"hello\"");
    greeted_ = true;
    if (draining_)
        throw failure(fault::closed, "the server stops");
}

void session::check_wait(milliseconds wait) const {
    if (wait > milliseconds(0) && waits_ >= service_.options.allowed.max_waits)
        throw failure(fault::too_many_waits, "too many requests of this connection wait already");
}

bool session::admit(const std::string& token) {
    const credential* found = service_.doors.find(token);
    if (!found)
        return false;
    admitted_ = true;
    token_due_.cancel();
    if (!found->owner.empty())
        me_ = identity::of_owner(found->owner);
    return true;
}

asio::awaitable<json::object> session::handle(hello& what, pending&) {
    if (what.token && !admitted_ && !admit(*what.token)) {
        shown_wrong_token_ = true;
        throw failure(fault::permission_denied, "not a valid token");
    }
    if (!admitted_)
        throw failure(fault::permission_denied, "a token is needed");
    greeted_ = true;
    json::value secret = nullptr;
    if (me_->owner.empty()) {
        if (!what.secret)
            what.secret = random_hex(16);
        if (!what.name)
            what.name = me_->name;
        me_ = identity::of_name(*what.name, *what.secret);
        secret = *what.secret;
    }
    co_return json::object{{"protocol", 1},
                           {"server", "colock seat service"},
                           {"name", me_->name},
                           {"secret", std::move(secret)},
                           {"board", service_.options.show_board},
                           {"limits", limits_state(service_.options.allowed)},
                           {"seats", {{"rows", "ABCDEFGH"}, {"columns", column_count}}}};
}

asio::awaitable<json::object> session::handle(abandon& what, pending&) {
    const auto found = requests_.find(what.request);
    const bool abandoned =
        found != requests_.end() && found->second->waits && found->second->given_up == fault::none;
    if (abandoned)
        std::shared_ptr(found->second)->give_up(fault::cancelled);
    co_return json::object{{"abandoned", abandoned}};
}

asio::awaitable<json::object> session::handle(ping&, pending&) {
    co_return json::object{};
}

} // namespace seat_service
