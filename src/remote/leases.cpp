#include "remote/hold.hpp"
#include "remote/turn.hpp"

#include <algorithm>

// What the engine does from time to time: leases, and looking after those who wait.

namespace colock::remote {

/// The message that does it.
class engine::tick final : public operation {
public:
    explicit tick(std::shared_ptr<engine> of) : home(std::move(of)) { id = home->next_id(); }

    void completed(reply answer) override { home->ticked(*this, std::move(answer)); }

    const std::shared_ptr<engine> home;
};

namespace {

/// One whose answer says nothing.
class ping_operation final : public operation {
public:
    explicit ping_operation(std::function<void()> end) : end_(std::move(end)) { what = ping_step(); }
    void completed(reply) override { end_(); }

private:
    std::function<void()> end_;
};

class listen_operation final : public operation {
public:
    listen_operation() { what = listen_step(); }
    void completed(reply) override {}
};

} // namespace

duration engine::backstop() noexcept {
    std::uniform_int_distribution<duration::rep> jitter(
        std::chrono::nanoseconds(std::chrono::seconds(1)).count(),
        std::chrono::nanoseconds(std::chrono::seconds(2)).count());
    return duration(jitter(random_));
}

time_point engine::next_tick() const noexcept {
    if (tick_)
        return never;
    time_point at = std::min(keeper_.next_renewal(), look_at_);
    if (queued_ != 0)
        at = std::min(at, backstop_at_);
    if (!sweeps_.empty())
        at = std::min(at, *sweeps_.begin());
    if (look_now_)
        at = time_point::min();
    return at == never ? never : std::max(at, not_before_);
}

void engine::look_after() {
    const time_point due = next_tick();
    if (due == never)
        return;
    const time_point here = clock_->now();
    if (due > here)
        return;
    auto next = std::make_shared<tick>(shared_from_this());
    tick_step step;
    for (const auto& [number, call] : attempts_) {
        // One that is just asking may be queued there before we know.
        step.has_waiters = step.has_waiters || call->wait > duration::zero();
        if (call->state == attempt::phase::queued)
            step.calls.push_back(number);
    }
    step.cursor = cursor_;
    tidied_at_ = here;
    step.renewals = keeper_.collect(here);
    for (const auto& [key, awaited] : awaited_)
        step.awaited.push_back(key);
    next->what = std::move(step);
    while (!sweeps_.empty() && *sweeps_.begin() <= here)
        sweeps_.erase(sweeps_.begin());
    look_now_ = false;
    look_at_ = never;
    backstop_at_ = saturated_add(here, backstop());
    if (!commands_->submit(next, saturated_add(here, settings_.channel.connect_timeout)))
        return;
    tick_ = std::move(next);
    ping();
}

void engine::ticked(tick& what, reply answer) {
    const auto keep = what.shared_from_this();
    const auto& asked = std::get<tick_step>(what.what);
    turn now(*this);
    tick_.reset();
    const time_point here = clock_->now();
    if (answer.error) {
        // the leases are tried again until they are over; who waits without a limit has waited long enough
        not_before_ = saturated_add(here, backstop() / 5);
        keeper_.failed(asked.renewals, not_before_);
        std::vector<std::shared_ptr<attempt>> endless;
        for (const auto& [number, call] : attempts_)
            if (call->state == attempt::phase::queued && call->wait == forever)
                endless.push_back(call);
        for (const auto& call : endless)
            now.give_up(*call, errc::provider_unavailable, lock_event_kind::cancelled, answer.text);
        return;
    }
    cursor_ = answer.cursor;
    look_now_ = look_now_ || answer.more;
    for (kept_lease* lease : keeper_.renewed(asked.renewals, what.sent_at, answer.lost))
        lose(*lease, here < lease->lost_at() ? loss::revoked : loss::expired);
    for (std::size_t i = 0; i < asked.awaited.size() && i < answer.changes.size(); ++i)
        if (const auto found = awaited_.find(asked.awaited[i]); found != awaited_.end()) {
            found->second.look_at =
                answer.changes[i] == forever ? never : saturated_add(here, answer.changes[i]);
            look_at_ = std::min(look_at_, found->second.look_at);
        }
    std::sort(answer.missing.begin(),
              answer.missing.end()); // they queue again in the order in which they came
    for (const std::uint64_t number : answer.missing)
        if (const auto found = attempts_.find(number); found != attempts_.end())
            wake(*std::shared_ptr(found->second), now);
}

// In steps, however many there are.
void engine::add_sweep(time_point end) {
    constexpr duration step = std::chrono::milliseconds(50);
    if (end < never - step)
        sweeps_.insert(time_point((end.time_since_epoch() / step + 1) * step));
}

void engine::look_at_end(time_point end) {
    turn now(*this);
    add_sweep(end);
}

void engine::lose(kept_lease& lease, loss why) noexcept {
    let_go(lease);
    static_cast<remote_hold&>(lease).lose(why);
}

void engine::let_go(kept_lease& lease) noexcept {
    if (!lease.kept)
        return;
    keeper_.remove(lease);
    statistics_.held -= lease.keys.size();
    rest_if_idle();
}

void engine::on_revoked(const std::vector<std::uint64_t>& leases) noexcept {
    turn now(*this);
    for (const std::uint64_t number : leases)
        if (kept_lease* const lease = keeper_.find(number))
            lose(*lease, loss::revoked);
}

void engine::on_events(std::vector<key_event> events) noexcept {
    turn now(*this);
    for (auto& event : events) {
        if (event.kind == lock_event_kind::expired)
            ++statistics_.expired;
        else if (event.kind == lock_event_kind::revoked)
            ++statistics_.revoked;
        now.tell(std::move(event));
    }
}

// ---- notifications ----

void engine::listen() {
    if (listening_)
        return;
    listening_ = std::make_shared<listen_operation>();
    if (!notifications_->submit(listening_, never))
        listening_.reset();
}

void engine::on_listening() noexcept {
    turn now(*this);
    keeper_.renew_all(clock_->now());
    look_now_ = queued_ != 0;
}

// Not at once: the next call may come before the strand does.
void engine::rest_if_idle() noexcept {
    if (!listening_ || queued_ != 0 || !keeper_.empty())
        return;
    strand_->post([weak = weak_from_this()](const asio::any_io_executor&) {
        const auto self = weak.lock();
        if (!self)
            return;
        const std::lock_guard lock(self->mutex_);
        if (self->listening_ && self->queued_ == 0 && self->keeper_.empty())
            (void)self->notifications_->drop(*std::exchange(self->listening_, nullptr));
    });
}

void engine::ping() {
    if (pinging_ || !listening_ || !notifications_->is_open())
        return;
    const auto asking = std::make_shared<ping_operation>([weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            const std::lock_guard lock(self->mutex_);
            self->pinging_ = false;
        }
    });
    pinging_ =
        notifications_->submit(asking, saturated_add(clock_->now(), settings_.channel.connect_timeout));
}

// ---- time ----

void engine::keep_alarm() {
    const time_point at = std::min({deadlines_.earliest(), keeper_.next_end(), next_tick()});
    if (at < armed_for_) {
        armed_for_ = at;
        clock_->schedule(*this, at);
    }
}

void engine::on_alarm() noexcept {
    const auto self = weak_from_this().lock();
    if (!self)
        return;
    turn now(*this);
    armed_for_ = never;
    const time_point here = clock_->now();
    while (deadlines_.earliest() <= here) {
        attempt& call = *static_cast<attempt::limit*>(deadlines_.top())->of;
        const auto keep = call.shared_from_this();
        // A call that never heard from the backend does not know that the keys are held.
        const bool heard = call.was_queued && commands_->is_open();
        now.give_up(call, heard ? errc::timed_out : errc::provider_unavailable,
                    heard ? lock_event_kind::timed_out : lock_event_kind::cancelled, commands_->trouble());
    }
    while (kept_lease* const lease = keeper_.next_lost(here)) {
        const bool overdue = lease->hold_until <= lease->counts_until;
        const auto release = overdue ? static_cast<remote_hold*>(lease)->make_release() : nullptr;
        lose(*lease, overdue ? loss::overdue : loss::expired);
        if (release) {
            release->background = true;
            (void)commands_->submit(release, saturated_add(here, lease->length));
        }
    }
}

} // namespace colock::remote
