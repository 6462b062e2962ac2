#include <colock/guard.hpp>

#include "detail/wait_list.hpp"

#include <boost/asio/error.hpp>

namespace colock {

/// Those who wait for the loss of one guard's lock. It belongs to the guard and to each of them.
class detail::loss_watch final : public loss_listener {
public:
    void on_loss(loss) noexcept override { waiting->happen(true); }

    const std::shared_ptr<wait_list> waiting = std::make_shared<wait_list>();
};

namespace {

asio::awaitable<void> await_loss(std::shared_ptr<detail::wait_list> waiting) {
    bool lost = false;
    if (waiting)
        lost = co_await detail::wait_list::wait(std::move(waiting));
    if (!lost)
        throw boost::system::system_error(asio::error::operation_aborted, "guard::wait_lost");
}

asio::awaitable<bool> give_back(hold_ptr held) {
    if (!held)
        co_return false;
    if (held->drops_at_once())
        co_return held.release()->drop() == loss::none;
    const loss lost = co_await held->release();
    co_return lost == loss::none;
}

} // namespace

void detail::loss_watch_deleter::operator()(loss_watch* watch) const noexcept {
    delete watch;
}

guard& guard::operator=(guard&& other) noexcept {
    if (this != &other) {
        reset();
        held_ = std::move(other.held_);
        token_ = other.token_;
        watch_ = std::move(other.watch_);
    }
    return *this;
}

void guard::reset() noexcept {
    if (watch_)
        end_watch();
    held_.reset();
}

asio::awaitable<bool> guard::release() {
    if (watch_)
        end_watch();
    return give_back(std::move(held_));
}

void guard::end_watch() noexcept {
    held_->set_listener(nullptr);
    watch_->waiting->happen(false);
    watch_.reset();
}

asio::awaitable<void> guard::wait_lost() {
    if (held_ && !watch_) {
        watch_.reset(new detail::loss_watch);
        if (!held_->set_listener(watch_.get()))
            watch_->waiting->happen(true);
    }
    return await_loss(watch_ ? watch_->waiting : nullptr);
}

} // namespace colock
