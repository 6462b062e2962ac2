#include "detail/wait_list.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace colock::detail {

struct wait_list::canceller {
    wait_list& list;
    waiting& w;

    canceller(wait_list& list, waiting& w) : list(list), w(w) {}
    void operator()(asio::cancellation_type type) const noexcept {
        if (type != asio::cancellation_type::none)
            list.cancel(w);
    }
};

asio::awaitable<bool> wait_list::wait(std::shared_ptr<wait_list> list) {
    waiting w;
    co_await asio::async_initiate<const asio::deferred_t, void()>(
        [&](auto handler) {
            if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
                slot.template emplace<canceller>(*list, w);
            w.resume.arm(std::move(handler));
            list->add(w);
        },
        asio::deferred);
    if (w.cancelled)
        throw boost::system::system_error(asio::error::operation_aborted);
    co_return w.what;
}

void wait_list::add(waiting& w) {
    attach(w.resume.context(), w.resume);
    const std::lock_guard lock(mutex_);
    w.queued = true;
    list_.push_back(w);
    if (happened_)
        wake(w);
}

void wait_list::happen(bool what) noexcept {
    const std::lock_guard lock(mutex_);
    if (happened_)
        return;
    happened_ = true;
    what_ = what;
    while (!list_.empty())
        wake(list_.front());
}

void wait_list::cancel(waiting& w) noexcept {
    const std::lock_guard lock(mutex_);
    if (w.queued) {
        w.cancelled = true;
        wake(w);
    }
}

void wait_list::wake(waiting& w) noexcept {
    list_.erase(list_.iterator_to(w));
    w.queued = false;
    w.what = what_;
    w.resume.post();
}

std::vector<resumption> wait_list::forget(asio::execution_context& context) noexcept {
    std::vector<resumption> abandoned;
    const std::lock_guard lock(mutex_);
    for (auto at = list_.begin(); at != list_.end();) {
        waiting& w = *at++;
        if (&w.resume.context() == &context) {
            list_.erase(list_.iterator_to(w));
            w.queued = false;
            abandoned.push_back(std::move(w.resume));
        }
    }
    return abandoned;
}

} // namespace colock::detail
