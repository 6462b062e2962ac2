#include "remote/engine.hpp"

#include "remote/hold.hpp"
#include "remote/turn.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/system_executor.hpp>

#include <algorithm>

namespace colock::remote {
namespace {

std::uint64_t random_origin() {
    std::random_device device;
    return (std::uint64_t{device()} << 32 | device()) | std::uint64_t{1} << 63; // not zero, which means none
}

} // namespace

lock_error failure(boost::system::error_code error, const key_set& keys, const std::string& why) {
    const lock_error plain = lock_error::acquiring(error, keys);
    return why.empty() ? plain : lock_error(error, plain.what() + (" (" + why) + ")", keys);
}

engine::engine(const asio::any_io_executor& strand, std::shared_ptr<clock_source> clock,
               const engine_settings& settings)
    : clock_(std::move(clock)), settings_(settings), strand_(std::make_shared<detail::background>(strand)),
      commands_(std::make_shared<channel>(strand_, clock_, settings.channel)),
      notifications_(std::make_shared<channel>(strand_, clock_, settings.channel)), origin_(random_origin()),
      context_(&asio::query(strand, asio::execution::context)) {
    attach(*context_, strand);
}

engine::~engine() {
    clock_->cancel(*this);
    detach();
}

void engine::use(std::unique_ptr<link> commands, std::unique_ptr<link> notifications) {
    commands_->use(std::move(commands));
    notifications_->use(std::move(notifications));
}

// ---- attempts ----

attempt::attempt(std::shared_ptr<engine> of, const lock_request& request)
    : home(std::move(of)), wait(request.wait), hold_until(request.hold_until) {
    id = home->next_id();
    keys = request.keys;
    owner = request.owner;
    mode = request.mode;
    scoped = request.scoped;
    expire = request.expire;
    deadline.of = this;
}

void attempt::completed(reply answer) {
    home->answered(*this, std::move(answer));
}

void attempt::cancel() noexcept {
    home->cancel(*this);
}

namespace {

/// A call in the frame of its coroutine, which may be destroyed instead of resumed.
struct call_in_frame {
    explicit call_in_frame(std::shared_ptr<attempt> call) : call(std::move(call)) {}
    call_in_frame(const call_in_frame&) = delete;
    call_in_frame& operator=(const call_in_frame&) = delete;
    ~call_in_frame() {
        if (!call->taken)
            call->home->discard(*call);
    }
    const std::shared_ptr<attempt> call;
};

} // namespace

asio::awaitable<acquisition> engine::acquire(const lock_request& request) {
    const call_in_frame mine(std::make_shared<attempt>(shared_from_this(), request));
    if (mine.call->scoped)
        mine.call->expire =
            std::min(request.expire.value_or(std::chrono::seconds(30)), settings_.longest_lease);
    co_await suspend(mine.call->caller, mine.call,
                     [](const std::shared_ptr<attempt>& call) { call->home->start(call); });
    co_return mine.call->home->take(*mine.call);
}

void engine::start(const std::shared_ptr<attempt>& call) {
    attach(call->caller.resume.context(), call->caller.resume);
    turn now(*this);
    enlist(call->caller);
    call->began = clock_->now();
    if (stopped_)
        return decide(*call, errc::closed, now);
    attempts_.emplace(call->id.number, call);
    if (call->wait > duration::zero() && call->wait != forever) {
        call->gives_up = saturated_add(call->began, call->wait);
        deadlines_.push(call->deadline, call->gives_up);
    }
    ask(*call, now);
}

void engine::ask(attempt& call, turn& now) {
    call.state = attempt::phase::asking;
    call.ask_again = false;
    acquire_step step;
    if (call.wait > duration::zero())
        step.deadline = call.gives_up;
    call.what = step;
    // A call without a deadline must hear something within the time to connect.
    const time_point limit =
        call.gives_up != never ? never : saturated_add(clock_->now(), settings_.channel.connect_timeout);
    if (!commands_->submit(call.shared_from_this(), limit))
        decide(call, errc::closed, now);
}

void engine::answered(attempt& call, reply answer) {
    const auto keep = call.shared_from_this();
    turn now(*this);
    if (call.state != attempt::phase::asking)
        return;
    if (answer.error) {
        const bool closed = answer.error == errc::closed;
        if (!closed)
            abandon(call, now);
        return decide(call, answer.error, now, std::move(answer.text));
    }
    switch (answer.what) {
    case verdict::done:
        return grant(call, answer, now);
    case verdict::queued:
        begin_wait(call, answer, now);
        if (call.ask_again)
            ask(call, now);
        return;
    case verdict::late: // by the server's clock, which we know better now
    case verdict::spent:
        if (call.tries < 10)
            return ask(call, now);
        return decide(call, errc::provider_unavailable, now, "the server's clock is unsteady");
    case verdict::refused:
    case verdict::gone:
        ++statistics_.refused;
        now.tell(lock_event_kind::refused, call, 0, duration::zero());
        return decide(call, errc::already_locked, now);
    case verdict::full:
        ++statistics_.refused;
        now.tell(lock_event_kind::refused, call, 0, duration::zero());
        return decide(call, errc::too_many_waiters, now);
    }
}

void engine::grant(attempt& call, const reply& answer, turn& now) {
    acquisition& got = call.granted;
    got.id = answer.id;
    got.token = answer.token;
    if (answer.remaining != forever)
        got.expires_at = saturated_add(call.sent_at, answer.remaining);
    if (call.scoped) {
        auto* const held = new remote_hold(shared_from_this(), call, answer.id, answer.token);
        keeper_.add(*held, call.sent_at, answer.remaining);
        got.expires_at = held->kept_lease::lost_at();
        got.held = held;
        statistics_.held += call.keys.size();
        listen();
    } else {
        add_sweep(got.expires_at);
    }
    if (clock_->now() > tidied_at_ + std::chrono::seconds(30))
        look_now_ = true;
    ++statistics_.granted;
    if (!answer.same_hold)
        now.tell(lock_event_kind::granted, call, answer.token,
                 call.was_queued ? clock_->now() - call.began : duration::zero(), answer.waiters);
    decide(call, {}, now);
}

// How the call ends, exactly once.
void engine::decide(attempt& call, boost::system::error_code error, turn&, std::string why) {
    end_wait(call);
    call.state = attempt::phase::decided;
    call.error = error;
    call.why = std::move(why);
    deadlines_.erase(call.deadline);
    resume(call.caller);
    attempts_.erase(call.id.number); // last: it may be what keeps the call
    rest_if_idle();
}

// Its caller hears of it at once; whatever the backend knows of it is taken back in the background.
void engine::abandon(attempt& call, turn&) {
    if (commands_->drop(call))
        leave(call);
}

void engine::leave(const operation& call) {
    auto leaving = make_errand(leave_step{.first_link = call.first_link},
                               std::holds_alternative<acquire_step>(call.what) ? call.keys : key_set());
    leaving->id = call.id;
    leaving->background = true;
    (void)commands_->submit(leaving, saturated_add(clock_->now(), std::chrono::minutes(1)));
}

void engine::cancel(attempt& call) noexcept {
    const auto keep = call.shared_from_this();
    turn now(*this);
    // A grant that the coroutine has not yet been told of loses to a cancellation: the caller could do
    // nothing with it, for its next co_await throws.
    if (call.state == attempt::phase::decided) {
        call.cancelled_late = true;
        return;
    }
    now.give_up(call, asio::error::operation_aborted, lock_event_kind::cancelled);
}

acquisition engine::take(attempt& call) {
    if (!call.error && call.cancelled_late) {
        discard(call);
        call.error = asio::error::operation_aborted;
    }
    call.taken = true;
    if (call.error)
        throw failure(call.error, call.keys, call.why);
    return call.granted;
}

void engine::discard(attempt& call) noexcept {
    hold* held = nullptr;
    {
        turn now(*this);
        if (call.state == attempt::phase::created || (call.state == attempt::phase::decided && call.error))
            return;
        if (call.state != attempt::phase::decided)
            return now.give_up(call, asio::error::operation_aborted, lock_event_kind::cancelled);
        held = std::exchange(call.granted.held, nullptr);
        if (!held)
            leave(call);
    }
    if (held)
        held->drop();
}

// ---- waiting ----

void engine::begin_wait(attempt& call, const reply& answer, turn& now) {
    call.state = attempt::phase::queued;
    const time_point here = clock_->now();
    if (queued_ == 0)
        backstop_at_ = saturated_add(here, backstop());
    if (!std::exchange(call.was_queued, true)) {
        ++queued_;
        ++statistics_.queued;
        statistics_.waiting += call.keys.size();
        for (const std::string_view key : call.keys)
            ++awaited_[std::string(key)].calls;
        now.tell(lock_event_kind::queued, call, 0, duration::zero(), answer.waiters);
        listen();
    }
    if (answer.remaining != forever) {
        const time_point at = saturated_add(here, answer.remaining);
        look_at_ = std::min(look_at_, at);
        for (const std::string_view key : call.keys) {
            auto& awaited = awaited_[std::string(key)];
            awaited.look_at = std::min(awaited.look_at, at);
        }
    }
}

void engine::end_wait(attempt& call) noexcept {
    if (!call.was_queued || call.state == attempt::phase::decided)
        return;
    --queued_;
    statistics_.waiting -= call.keys.size();
    for (const std::string_view key : call.keys) {
        const auto found = awaited_.find(std::string(key));
        if (--found->second.calls == 0)
            awaited_.erase(found);
    }
    if (awaited_.empty())
        look_at_ = never;
}

void engine::wake(attempt& call, turn& now) {
    if (call.state == attempt::phase::queued)
        ask(call, now);
    else
        call.ask_again = true;
}

void engine::on_woken(const std::vector<std::uint64_t>& calls) noexcept {
    turn now(*this);
    for (const std::uint64_t number : calls)
        if (const auto found = attempts_.find(number); found != attempts_.end())
            wake(*std::shared_ptr(found->second), now);
}

// In the order in which they came, so that a queue that was lost is as it was.
void engine::ask_all(turn& now) {
    std::vector<std::shared_ptr<attempt>> all;
    for (const auto& [number, call] : attempts_)
        if (call->was_queued)
            all.push_back(call);
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->id < b->id; });
    for (const auto& call : all)
        wake(*call, now);
}

void engine::on_connected() noexcept {
    turn now(*this);
    ask_all(now);
    keeper_.renew_all(clock_->now());
    look_now_ = true;
}

// ---- suspended coroutines ----

void engine::enlist(suspension& who) {
    who.listed = true;
    suspended_.push_back(who);
}

void engine::resume(suspension& who) noexcept {
    if (std::exchange(who.listed, false)) {
        suspended_.erase(suspended_.iterator_to(who));
        who.resume.post();
    }
}

namespace {

/// Lets go of an engine where that is allowed: when the mutex of all contexts is not held.
struct last_reference {
    using executor_type = asio::any_io_executor;
    [[nodiscard]] executor_type get_executor() const noexcept {
        static const asio::any_io_executor none{asio::system_executor()}; // it is never resumed
        return none;
    }
    std::shared_ptr<engine> kept;
    void operator()() const noexcept {}
};

} // namespace

std::vector<detail::resumption> engine::forget(asio::execution_context& context) noexcept {
    std::vector<detail::resumption> abandoned;
    const auto self = weak_from_this().lock();
    if (!self)
        return abandoned;
    {
        turn now(*this);
        for (auto at = suspended_.begin(); at != suspended_.end();) {
            suspension& s = *at++;
            if (&s.resume.context() != &context)
                continue;
            s.listed = false;
            suspended_.erase(suspended_.iterator_to(s));
            if (s.work)
                s.work->abandoned = true;
            abandoned.push_back(std::move(s.resume));
        }
    }
    if (&context == context_) {
        stop();
        commands_->context_gone();
        notifications_->context_gone();
    }
    abandoned.emplace_back().arm(last_reference{self});
    return abandoned;
}

} // namespace colock::remote
