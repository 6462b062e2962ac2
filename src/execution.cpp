#include <colock/detail/execution.hpp>

#include "job_runner.hpp"
#include "service_core.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

namespace colock::detail {
namespace {

bool is_abort(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const boost::system::system_error& e) {
        return e.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

execution_request& checked(execution_request& request) {
    if (request.wrong)
        std::rethrow_exception(request.wrong);
    return request;
}

asio::awaitable<void> release_held(hold& held, loss& lost) {
    lost = co_await held.release();
}

} // namespace

execution::execution(execution_request& request)
    : request_(checked(request)), clock_(request.to->impl->clock()) {
    if (!request_.core->job_begins()) {
        request_.core->job_ends();
        throw lock_error::acquiring(errc::closed, request_.keys);
    }
}

execution::~execution() {
    if (runner_) { // the coroutine was destroyed, or what it awaited threw
        if (deadline_ != never)
            clock_.cancel(*runner_);
        if (held_)
            held_->set_listener(nullptr);
        part_from_runner();
    }
    held_.reset();
    request_.core->job_ends();
}

lock_request execution::wanted() const noexcept {
    return {.keys = request_.keys,
            .mode = request_.mode,
            .scoped = true,
            .wait = request_.wait,
            .expire = request_.expire > duration::zero() ? std::optional(request_.expire) : std::nullopt,
            .hold_until = deadline_ == never ? never : saturated_add(deadline_, request_.grace)};
}

bool execution::try_start() {
    if (request_.timeout != forever)
        deadline_ = saturated_add(clock_.now(), request_.timeout);
    acquisition granted;
    boost::system::error_code refused;
    switch (request_.to->impl->try_now(wanted(), granted, refused)) {
    case attempt::granted:
        begin_lease(granted);
        return true;
    case attempt::refused:
        throw lock_error::acquiring(refused, request_.keys);
    case attempt::undecided:
        break;
    }
    return false;
}

asio::awaitable<void> execution::start() {
    const lock_request request = wanted();
    const acquisition granted = co_await request_.to->impl->acquire(request);
    begin_lease(granted);
}

void execution::begin_lease(const acquisition& granted) {
    if (granted.held)
        held_.reset(granted.held);
    else
        held_ = make_plain_hold(request_.to->shared_from_this(),
                                grant(request_.keys, {}, request_.mode, granted.id, granted.token,
                                      granted.expires_at, request_.to->tag),
                                wanted().hold_until);
    lease_.emplace(*held_, granted.token, clock_, deadline_);
}

asio::awaitable<void> execution::run(asio::awaitable<void> job) {
    runner_ = &job_runner::take();
    if (deadline_ != never)
        clock_.schedule(*runner_, deadline_);
    if (!held_->set_listener(runner_))
        runner_->cancel(abort_reason::lost);
    co_await asio::async_initiate<const asio::deferred_t, void()>(
        [&](auto&& handler) { runner_->run(std::move(job), std::move(handler)); }, asio::deferred);
}

bool execution::job_may_start() noexcept {
    return runner_->begin();
}

void execution::job_ended(std::exception_ptr error) noexcept {
    error_ = std::move(error);
    runner_->end();
}

void execution::part_from_runner() noexcept {
    if (runner_) {
        aborted_ = runner_->why();
        job_runner::put(*std::exchange(runner_, nullptr));
    }
}

bool execution::try_finish() noexcept {
    if (!runner_)
        aborted_ = clock_.is_past(deadline_) ? abort_reason::timeout : abort_reason::none;
    else if (deadline_ != never)
        clock_.cancel(*runner_);
    if (!held_->drops_at_once())
        return false;
    lost_ = held_.release()->drop(); // and with it its listener
    part_from_runner();
    return true;
}

asio::awaitable<void> execution::finish() {
    // The release must not be skipped or cut short because the caller was cancelled.
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    const asio::any_io_executor ex = co_await asio::this_coro::executor;
    std::exception_ptr error;
    co_await asio::async_initiate<const asio::deferred_t, void()>(
        [&](auto handler) {
            asio::co_spawn(ex, release_held(*held_, lost_),
                           asio::bind_cancellation_slot(
                               asio::cancellation_slot(),
                               [&error, handler = std::move(handler)](std::exception_ptr e) mutable {
                                   error = std::move(e);
                                   std::move(handler)();
                               }));
        },
        asio::deferred);
    co_await asio::this_coro::throw_if_cancelled(throws);
    held_.reset();
    part_from_runner();
    if (error)
        request_.core->report(error);
}

void execution::check() {
    const key_set& keys = request_.keys;
    if (lost_ != loss::none && lost_ != loss::overdue)
        throw lock_error::lost(keys);
    if (error_ && !(aborted_ != abort_reason::none && is_abort(error_)))
        std::rethrow_exception(error_);
    if (aborted_ == abort_reason::timeout || lost_ == loss::overdue)
        throw lock_error::executing(errc::timed_out, keys);
    if (aborted_ == abort_reason::lost)
        throw lock_error::lost(keys);
    if (aborted_ == abort_reason::caller)
        throw lock_error::executing(asio::error::operation_aborted, keys);
}

} // namespace colock::detail
