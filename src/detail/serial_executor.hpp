#pragma once

#include "detail/resumption.hpp"
#include "detail/spin_mutex.hpp"

#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/recycling_allocator.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace colock::detail {

/// Runs what it is given one after the other, in order, on an executor that it is told: what a strand does.
/// But it is made once for many uses, each with an executor of its own, where a strand would be made for
/// each; and it can tell whether anybody still refers to it. Thread-safe.
class serial_queue {
public:
    serial_queue(const serial_queue&) = delete;
    serial_queue& operator=(const serial_queue&) = delete;

    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete this;
    }
    [[nodiscard]] std::uint32_t references() const noexcept {
        return references_.load(std::memory_order_acquire);
    }

    /// Executors that count as work of the context.
    void begin_work() noexcept {
        if (workers_.fetch_add(1, std::memory_order_acq_rel) == 0)
            update_work();
    }
    void end_work() noexcept {
        if (workers_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            update_work();
    }

    /// Runs `f`, or queues it. `inline_allowed`: at once and here, if that is possible.
    template<class Function>
    void execute(Function&& f, bool inline_allowed);

    [[nodiscard]] asio::execution_context& context() const noexcept {
        return asio::query(inner_, asio::execution::context);
    }

protected:
    serial_queue() = default;
    virtual ~serial_queue() = default;

    /// Where to run from now on; empty: nowhere, all is run inline. Only while nobody else uses the queue.
    void run_on(const asio::any_io_executor& inner) noexcept { inner_ = inner; }
    /// From now on executors that count as work keep the context at work. Until then somebody else must.
    void count_work() noexcept;
    /// Whether it runs nothing, and nothing is queued.
    [[nodiscard]] bool idle() noexcept {
        const std::lock_guard lock(mutex_);
        return !running_;
    }

private:
    // A function that is queued.
    struct operation {
        operation* next = nullptr;
        virtual void finish(bool call) = 0; // calls it, unless it is to be dropped, and ends this object

    protected:
        ~operation() = default;
    };
    template<class Function>
    struct operation_of;
    class pass;
    template<class Function>
    class first_pass;
    class next_pass;

    template<class Pass>
    void submit(Pass&& p, bool inline_allowed);
    void drop_all() noexcept;
    void update_work() noexcept;

    static const void* this_thread() noexcept {
        static thread_local char marker;
        return &marker;
    }

    std::atomic<std::uint32_t> references_{1};
    std::atomic<std::uint32_t> workers_{0};
    std::atomic<const void*> thread_{nullptr}; // that runs a function now
    asio::any_io_executor inner_;

    spin_mutex mutex_; // guards the rest
    bool running_ = false;
    bool counts_work_ = false;
    operation* front_ = nullptr;
    operation** back_ = &front_;
    asio::any_io_executor work_;
};

template<class Function>
struct serial_queue::operation_of final : operation {
    using allocator = asio::recycling_allocator<operation_of>;

    explicit operation_of(Function&& f) : function(std::move(f)) {}
    static operation* make(Function&& f) {
        operation_of* const room = allocator().allocate(1);
        return ::new (static_cast<void*>(room)) operation_of(std::move(f)); // moving a handler does not throw
    }
    void finish(bool call) override {
        Function f(std::move(function));
        this->~operation_of();
        allocator().deallocate(this, 1);
        if (call)
            std::move(f)();
    }

    Function function;
};

/// Runs what is queued when it is called, on the inner executor; what is queued meanwhile is left to the next
/// pass, so that others of that executor get their turn. Destroyed without having been called (the context is
/// gone), it drops all.
class serial_queue::pass {
public:
    pass(const pass&) = delete;
    pass(pass&& other) noexcept : queue_(std::exchange(other.queue_, nullptr)) {}
    pass& operator=(const pass&) = delete;
    pass& operator=(pass&&) = delete;

protected:
    explicit pass(serial_queue& queue) noexcept : queue_(&queue) { queue.retain(); }
    ~pass() {
        if (queue_) {
            queue_->drop_all();
            queue_->release();
        }
    }

    // Runs in this thread until it is destroyed, then sees to what is queued.
    class turn {
    public:
        explicit turn(pass& of) noexcept : queue_(std::exchange(of.queue_, nullptr)) {
            queue_->thread_.store(this_thread(), std::memory_order_relaxed);
        }
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        ~turn();
        [[nodiscard]] serial_queue& queue() const noexcept { return *queue_; }

    private:
        serial_queue* queue_;
    };

private:
    serial_queue* queue_;
};

template<class Function>
class serial_queue::first_pass final : pass {
public:
    first_pass(serial_queue& queue, Function&& f) : pass(queue), function_(std::move(f)) {}
    void operator()() {
        const turn now(*this);
        std::move(function_)();
    }

private:
    Function function_;
};

class serial_queue::next_pass final : pass {
public:
    explicit next_pass(serial_queue& queue) : pass(queue) {}
    void operator()();
};

template<class Pass>
void serial_queue::submit(Pass&& p, bool inline_allowed) {
    if (!inner_) {
        std::forward<Pass>(p)();
        return;
    }
    with_concrete(inner_, [&](const auto& ex) {
        if (inline_allowed)
            asio::prefer(ex, asio::execution::blocking.possibly).execute(std::forward<Pass>(p));
        else
            asio::require(ex, asio::execution::blocking.never).execute(std::forward<Pass>(p));
    });
}

template<class Function>
void serial_queue::execute(Function&& f, bool inline_allowed) {
    using function = std::remove_cvref_t<Function>;
    static_assert(std::is_nothrow_move_constructible_v<function>);
    if (inline_allowed && thread_.load(std::memory_order_relaxed) == this_thread()) {
        function here(std::forward<Function>(f));
        std::move(here)();
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        if (running_) {
            operation* const op = operation_of<function>::make(function(std::forward<Function>(f)));
            *back_ = op;
            back_ = &op->next;
            return;
        }
        running_ = true;
    }
    submit(first_pass<function>(*this, function(std::forward<Function>(f))), inline_allowed);
}

/// Refers to a serial_queue. Meets the requirements of an Asio executor.
class serial_executor {
public:
    explicit serial_executor(serial_queue& queue) noexcept : queue_(&queue) { queue_->retain(); }
    serial_executor(const serial_executor& other) noexcept
        : queue_(other.queue_), inline_allowed_(other.inline_allowed_), is_work_(other.is_work_) {
        queue_->retain();
        if (is_work_)
            queue_->begin_work();
    }
    serial_executor(serial_executor&& other) noexcept
        : queue_(std::exchange(other.queue_, nullptr)), inline_allowed_(other.inline_allowed_),
          is_work_(other.is_work_) {}
    serial_executor& operator=(serial_executor other) noexcept {
        std::swap(queue_, other.queue_);
        std::swap(inline_allowed_, other.inline_allowed_);
        std::swap(is_work_, other.is_work_);
        return *this;
    }
    ~serial_executor() {
        if (!queue_)
            return;
        if (is_work_)
            queue_->end_work();
        queue_->release();
    }

    template<class Function>
    void execute(Function&& f) const {
        queue_->execute(std::forward<Function>(f), inline_allowed_);
    }

    friend bool operator==(const serial_executor& a, const serial_executor& b) noexcept {
        return a.queue_ == b.queue_ && a.inline_allowed_ == b.inline_allowed_ && a.is_work_ == b.is_work_;
    }

    [[nodiscard]] asio::execution_context& query(asio::execution::context_t) const noexcept {
        return queue_->context();
    }
    [[nodiscard]] asio::execution::blocking_t query(asio::execution::blocking_t) const noexcept {
        return inline_allowed_ ? asio::execution::blocking_t(asio::execution::blocking.possibly)
                               : asio::execution::blocking_t(asio::execution::blocking.never);
    }
    [[nodiscard]] asio::execution::outstanding_work_t
    query(asio::execution::outstanding_work_t) const noexcept {
        return is_work_ ? asio::execution::outstanding_work_t(asio::execution::outstanding_work.tracked)
                        : asio::execution::outstanding_work_t(asio::execution::outstanding_work.untracked);
    }

    [[nodiscard]] serial_executor require(asio::execution::blocking_t::possibly_t) const noexcept {
        return {*queue_, true, is_work_};
    }
    [[nodiscard]] serial_executor require(asio::execution::blocking_t::never_t) const noexcept {
        return {*queue_, false, is_work_};
    }
    [[nodiscard]] serial_executor require(asio::execution::outstanding_work_t::tracked_t) const noexcept {
        return {*queue_, inline_allowed_, true};
    }
    [[nodiscard]] serial_executor require(asio::execution::outstanding_work_t::untracked_t) const noexcept {
        return {*queue_, inline_allowed_, false};
    }

private:
    serial_executor(serial_queue& queue, bool inline_allowed, bool is_work) noexcept
        : queue_(&queue), inline_allowed_(inline_allowed), is_work_(is_work) {
        queue_->retain();
        if (is_work_)
            queue_->begin_work();
    }

    serial_queue* queue_;
    bool inline_allowed_ = true;
    bool is_work_ = false;
};

} // namespace colock::detail
