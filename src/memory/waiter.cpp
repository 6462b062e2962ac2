#include "memory/waiter.hpp"

#include <boost/asio/error.hpp>

#include <thread>

namespace colock::memory {

void waiter::make_links() {
    several_ = std::make_unique<waiter_link[]>(request.keys.size());
    links = several_.get();
    for (std::size_t i = 0; i < request.keys.size(); ++i)
        links[i].of = this;
}

waiter::~waiter() {
    const phase last = phase_.load(std::memory_order_acquire);
    if (last == phase::idle)
        return;
    if (last == phase::running && !table_.cancel(*this))
        while (phase_.load(std::memory_order_acquire) != phase::decided)
            std::this_thread::yield(); // another thread has decided it, and is about to say so
    if (!error && !taken_)
        give_back();
}

void waiter::suspend() {
    asio::execution_context& where = resume.context();
    table_.attach(where, resume);
    context.store(&where, std::memory_order_relaxed);
    if (phase_.exchange(phase::suspended, std::memory_order_acq_rel) == phase::decided)
        resume.post();
}

void waiter::cancel() noexcept {
    // A grant that the coroutine has not yet been told of loses to a cancellation: the caller could do
    // nothing with it, for its next co_await throws.
    if (!table_.cancel(*this))
        cancelled_late_ = true;
}

void waiter::take() {
    if (!error && cancelled_late_) {
        give_back();
        error = asio::error::operation_aborted;
    }
    if (error)
        return;
    taken_ = true;
    if (!request.owner.empty())
        table_.received(*this, true);
}

void waiter::give_back() noexcept {
    if (granted.held)
        granted.held->drop();
    else
        table_.received(*this, false);
}

} // namespace colock::memory
