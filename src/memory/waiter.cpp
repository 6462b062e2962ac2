#include "memory/waiter.hpp"

#include <boost/asio/error.hpp>

namespace colock::memory {

waiter::waiter(std::shared_ptr<lock_table> table, const lock_request& request)
    : request(request), shards(lock_table::shards_of(request.keys)),
      simple(request.keys.size() == 1 && request.scoped && request.mode == lock_mode::exclusive),
      links(&single_), table_(std::move(table)) {
    rank = rank_wait;
    if (request.keys.size() > 1) {
        several_ = std::make_unique<waiter_link[]>(request.keys.size());
        links = several_.get();
    }
    for (std::size_t i = 0; i < request.keys.size(); ++i)
        links[i].of = this;
}

waiter::~waiter() {
    if (state == state_t::done && !error && !taken_)
        give_back();
}

void waiter::enqueue() {
    context = &resume.context();
    table_->attach(*context, resume);
    table_->enqueue(*this);
}

void waiter::cancel() noexcept {
    // A grant that the coroutine has not yet been told of loses to a cancellation: the caller could do
    // nothing with it, for its next co_await throws.
    if (!table_->cancel(*this))
        cancelled_late_ = true;
}

acquisition waiter::take() {
    if (!error && cancelled_late_) {
        give_back();
        taken_ = true;
        error = asio::error::operation_aborted;
    }
    if (error)
        throw lock_error::acquiring(error, request.keys);
    taken_ = true;
    if (!request.owner.empty())
        table_->received(*this, true);
    return granted;
}

void waiter::give_back() noexcept {
    if (granted.held)
        granted.held->drop();
    else
        table_->received(*this, false);
}

} // namespace colock::memory
