#include <colock/detail/execution.hpp>

#include "detail/resumption.hpp"
#include "service_core.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <mutex>

namespace colock::detail {
namespace {

// An executor that runs one thing at a time: the given one if it is known to do that.
asio::any_io_executor serialized(const asio::any_io_executor& ex) {
    using io = asio::io_context::executor_type;
    using pool = asio::thread_pool::executor_type;
    if (const auto* e = ex.target<io>())
        return asio::make_strand(*e);
    if (const auto* e = ex.target<pool>())
        return asio::make_strand(*e);
    if (ex.target<asio::strand<io>>() || ex.target<asio::strand<pool>>() ||
        ex.target<asio::strand<asio::any_io_executor>>())
        return ex;
    return asio::make_strand(ex);
}

bool is_abort(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const boost::system::system_error& e) {
        return e.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

} // namespace

/// Cancels a job, from any thread: when its time is up (as the alarm), when the lock is lost (as the
/// listener), and when the caller cancels. The signal is emitted on the job's strand and only while the job
/// runs: before that, Boost 1.81 ends the program, and afterwards nobody is there.
class job_control final : public loss_listener,
                          public alarm,
                          public std::enable_shared_from_this<job_control> {
public:
    enum class reason : unsigned char { none, timeout, lost, caller };

    explicit job_control(asio::any_io_executor serial) : serial_(std::move(serial)) {}

    void on_loss(loss) noexcept override { cancel(reason::lost); }
    void on_alarm() noexcept override { cancel(reason::timeout); }

    /// The first reason counts. Nothing once the job has ended.
    void cancel(reason why) noexcept {
        {
            const std::lock_guard lock(mutex_);
            if (state_ == state::ended || why_ != reason::none)
                return;
            why_ = why;
            if (state_ == state::created)
                return;
        }
        asio::post(serial_, [self = shared_from_this()] { self->emit(); });
    }

    /// On the strand: whether the job may start.
    [[nodiscard]] bool begin() noexcept {
        const std::lock_guard lock(mutex_);
        if (why_ != reason::none)
            return false;
        state_ = state::running;
        return true;
    }

    /// On the strand.
    void end() noexcept {
        const std::lock_guard lock(mutex_);
        state_ = state::ended;
    }

    [[nodiscard]] reason why() const noexcept {
        const std::lock_guard lock(mutex_);
        return why_;
    }

    [[nodiscard]] const asio::any_io_executor& serial() const noexcept { return serial_; }
    [[nodiscard]] asio::cancellation_slot slot() noexcept { return signal_.slot(); }

private:
    void emit() noexcept {
        {
            const std::lock_guard lock(
                mutex_); // state changes on this strand only: no change until we are done
            if (state_ != state::running)
                return;
        }
        signal_.emit(asio::cancellation_type::terminal);
    }

    enum class state : unsigned char { created, running, ended };

    const asio::any_io_executor serial_;
    asio::cancellation_signal signal_;
    mutable std::mutex mutex_;
    state state_ = state::created;
    reason why_ = reason::none;
};

namespace {

struct forward_cancellation {
    std::shared_ptr<job_control> control;

    explicit forward_cancellation(std::shared_ptr<job_control> control) : control(std::move(control)) {}
    void operator()(asio::cancellation_type type) const noexcept {
        if (type != asio::cancellation_type::none)
            control->cancel(job_control::reason::caller);
    }
};

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
    if (control_ && held_) { // the coroutine was destroyed, or what it awaited threw
        if (deadline_ != never)
            clock_.cancel(*control_);
        held_->set_listener(nullptr);
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
    const asio::any_io_executor ex = co_await asio::this_coro::executor;
    control_ = std::make_shared<job_control>(serialized(ex));
    if (deadline_ != never)
        clock_.schedule(*control_, deadline_);
    if (!held_->set_listener(control_.get()))
        control_->cancel(job_control::reason::lost);
    co_await asio::async_initiate<const asio::deferred_t, void(std::exception_ptr)>(
        [&](auto handler) {
            if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
                slot.template emplace<forward_cancellation>(control_);
            asio::co_spawn(control_->serial(), std::move(job),
                           asio::bind_cancellation_slot(control_->slot(), std::move(handler)));
        },
        asio::deferred);
}

bool execution::job_may_start() noexcept {
    return control_->begin();
}

void execution::job_ended(std::exception_ptr error) noexcept {
    error_ = std::move(error);
    control_->end();
}

bool execution::try_finish() noexcept {
    if (!control_)
        late_ = clock_.is_past(deadline_);
    else if (deadline_ != never)
        clock_.cancel(*control_);
    if (!held_->drops_at_once())
        return false;
    lost_ = held_.release()->drop(); // and with it its listener
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
    if (error)
        request_.core->report(error);
}

void execution::check() {
    using reason = job_control::reason;
    const reason why = control_ ? control_->why() : late_ ? reason::timeout : reason::none;
    const key_set& keys = request_.keys;
    if (lost_ != loss::none && lost_ != loss::overdue)
        throw lock_error::lost(keys);
    if (error_ && !(why != reason::none && is_abort(error_)))
        std::rethrow_exception(error_);
    if (why == reason::timeout || lost_ == loss::overdue)
        throw lock_error::executing(errc::timed_out, keys);
    if (why == reason::lost)
        throw lock_error::lost(keys);
    if (why == reason::caller)
        throw lock_error::executing(asio::error::operation_aborted, keys);
}

} // namespace colock::detail
