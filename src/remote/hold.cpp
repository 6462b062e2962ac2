#include "remote/hold.hpp"

namespace colock::remote {

remote_hold::remote_hold(std::shared_ptr<engine> home, const attempt& call, grant_id id, std::uint64_t token)
    : kept_lease(id, call.keys, *call.expire, call.hold_until), home_(std::move(home)), token_(token),
      mode_(call.mode) {}

grant remote_hold::describe() const {
    const std::lock_guard lock(home_->mutex());
    return {keys, {}, mode_, id, token_, lost_at()};
}

// What is due counts, also before the alarm comes: a process that was stopped must see it at once.
loss remote_hold::look() const noexcept {
    if (lost_ != loss::none || home_->clock().now() < lost_at())
        return lost_;
    return hold_until <= counts_until ? loss::overdue : loss::expired;
}

loss remote_hold::state() const noexcept {
    const std::lock_guard lock(home_->mutex());
    return look();
}

time_point remote_hold::valid_until() const noexcept {
    const std::lock_guard lock(home_->mutex());
    return lost_at();
}

bool remote_hold::set_listener(loss_listener* who) noexcept {
    const std::lock_guard lock(home_->mutex());
    listener_ = who;
    return look() == loss::none;
}

void remote_hold::lose(loss why) noexcept {
    lost_ = why;
    if (listener_)
        listener_->on_loss(why);
}

std::shared_ptr<errand> remote_hold::make_release() const {
    auto release = home_->make_errand(release_step{.by_id = true}, keys);
    release->id = id;
    return release;
}

asio::awaitable<loss> remote_hold::release() {
    std::shared_ptr<errand> giving;
    {
        const std::lock_guard lock(home_->mutex());
        const loss known = look();
        if (known != loss::none || released_) {
            released_ = released_ || known == loss::overdue;
            co_return known;
        }
        released_ = true;
        home_->let_go(*this);
        giving = make_release();
    }
    const reply answer = co_await home_->carry_out(giving);
    // Not found after an answer was lost: it was that first message that released it.
    co_return answer.count == keys.size() || giving->was_lost ? loss::none : loss::revoked;
}

loss remote_hold::drop() noexcept {
    std::shared_ptr<errand> giving;
    loss known = loss::none;
    {
        const std::lock_guard lock(home_->mutex());
        known = look();
        home_->let_go(*this);
        if (!released_ && known != loss::revoked && known != loss::overdue && known != loss::closed)
            giving = make_release();
    }
    if (giving)
        home_->in_background(giving, saturated_add(home_->clock().now(), length));
    delete this;
    return known;
}

} // namespace colock::remote
