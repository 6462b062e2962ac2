#include "detail/serial_executor.hpp"

namespace colock::detail {

serial_queue::pass::turn::~turn() {
    queue_->thread_.store(nullptr, std::memory_order_relaxed);
    bool more = true;
    {
        const std::lock_guard lock(queue_->mutex_);
        if (!queue_->front_)
            more = queue_->running_ = false;
    }
    if (more)
        queue_->submit(next_pass(*queue_), false);
    queue_->release();
}

void serial_queue::next_pass::operator()() {
    const turn now(*this);
    serial_queue& queue = now.queue();
    operation* batch = nullptr;
    {
        const std::lock_guard lock(queue.mutex_);
        batch = std::exchange(queue.front_, nullptr);
        queue.back_ = &queue.front_;
    }
    // One that throws leaves the rest of its batch to the next pass, in front of what came meanwhile.
    struct put_back {
        serial_queue& queue;
        operation*& batch;
        ~put_back() {
            if (!batch)
                return;
            operation** last = &batch;
            while (*last)
                last = &(*last)->next;
            const std::lock_guard lock(queue.mutex_);
            *last = queue.front_;
            if (!queue.front_)
                queue.back_ = last;
            queue.front_ = batch;
        }
    } const rest{queue, batch};
    while (batch) {
        operation* const op = std::exchange(batch, batch->next);
        op->finish(true);
    }
}

void serial_queue::drop_all() noexcept {
    operation* dropped = nullptr;
    {
        const std::lock_guard lock(mutex_);
        dropped = std::exchange(front_, nullptr);
        back_ = &front_;
        running_ = false;
    }
    while (dropped) {
        operation* const op = std::exchange(dropped, dropped->next);
        op->finish(false);
    }
}

void serial_queue::count_work() noexcept {
    {
        const std::lock_guard lock(mutex_);
        counts_work_ = true;
    }
    update_work();
}

void serial_queue::update_work() noexcept {
    asio::any_io_executor ended; // outside the mutex: it may wake threads
    const std::lock_guard lock(mutex_);
    const bool wanted = counts_work_ && workers_.load(std::memory_order_acquire) != 0;
    if (!wanted)
        ended = std::move(work_);
    else if (!work_)
        work_ = asio::prefer(inner_, asio::execution::outstanding_work.tracked);
}

} // namespace colock::detail
