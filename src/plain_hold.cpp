#include "detail/resumption.hpp"
#include "service_core.hpp"

#include <boost/asio/co_spawn.hpp>

#include <mutex>

namespace colock::detail {
namespace {

asio::awaitable<bool> release_grant(std::shared_ptr<registered_provider> of, grant held) {
    co_return co_await of->impl->release(held);
}

class plain_hold final : public hold, public alarm {
public:
    plain_hold(std::shared_ptr<registered_provider> of, grant held, time_point hold_until)
        : of_(std::move(of)), held_(std::move(held)), hold_until_(hold_until) {
        if (hold_until_ != never)
            of_->impl->clock().schedule(*this, hold_until_);
    }

    // Without the provider's tag, or a release by this value could take it from the scope.
    grant describe() const override {
        return {held_.keys(), held_.owner(), held_.mode(), held_.id(), held_.token(), held_.expires_at()};
    }

    loss state() const noexcept override {
        const std::lock_guard lock(mutex_);
        return state_;
    }

    time_point valid_until() const noexcept override { return std::min(held_.expires_at(), hold_until_); }

    bool set_listener(loss_listener* listener) noexcept override {
        const std::lock_guard lock(mutex_);
        listener_ = listener;
        return state_ == loss::none;
    }

    bool drops_at_once() const noexcept override { return false; }

    asio::awaitable<loss> release() override {
        {
            const std::lock_guard lock(mutex_);
            if (state_ != loss::none || released_)
                co_return state_;
            released_ = true;
        }
        const bool was_held = co_await release_grant(of_, held_);
        co_return was_held ? loss::none : loss::revoked;
    }

    loss drop() noexcept override {
        if (hold_until_ != never)
            of_->impl->clock().cancel(*this);
        const loss result = state_;
        if (result == loss::none && !released_)
            release_in_background();
        delete this;
        return result;
    }

    void on_alarm() noexcept override {
        const std::lock_guard lock(mutex_);
        if (released_)
            return;
        state_ = loss::overdue;
        if (listener_)
            listener_->on_loss(loss::overdue);
        release_in_background();
    }

private:
    ~plain_hold() = default;

    void release_in_background() noexcept {
        of_->in_background->post([of = of_, held = held_](const asio::any_io_executor& ex) {
            asio::co_spawn(ex, release_grant(of, held), [of](std::exception_ptr error, bool) {
                if (error)
                    of->report(error);
            });
        });
    }

    const std::shared_ptr<registered_provider> of_;
    const grant held_;
    const time_point hold_until_;
    mutable std::mutex mutex_;
    loss_listener* listener_ = nullptr;
    loss state_ = loss::none;
    bool released_ = false;
};

} // namespace

hold_ptr make_plain_hold(std::shared_ptr<registered_provider> of, grant held, time_point hold_until) {
    return hold_ptr(new plain_hold(std::move(of), std::move(held), hold_until));
}

} // namespace colock::detail
