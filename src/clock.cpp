#include <colock/clock.hpp>

#include "detail/clock_thread.hpp"

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <thread>

namespace colock {

using detail::thread_without_signals;

// The thread is told of a new alarm only when that is earlier than what it sleeps for. An alarm that is
// cancelled costs it one needless waking at most, and a stream of deadlines, each later than the last, none.
class steady_alarm_clock final : public clock_source {
public:
    ~steady_alarm_clock() override {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_all();
        if (thread_.joinable()) {
            if (thread_.get_id() == std::this_thread::get_id())
                thread_.detach();
            else
                thread_.join();
        }
    }

    time_point now() const noexcept override { return std::chrono::steady_clock::now(); }

#ifdef CLOCK_MONOTONIC_COARSE
    time_point coarse_now() const noexcept override { // the same clock at the kernel's last tick
        timespec t;
        clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
        return time_point(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
    }
#endif

    void schedule(alarm& a, time_point at) override {
        bool wake = false;
        {
            const std::lock_guard lock(mutex_);
            alarms_.push(a, at);
            if (!thread_.joinable())
                thread_ = thread_without_signals([this] { run(); });
            else if (at < sleeping_until_) {
                sleeping_until_ = at; // a second alarm that early need not wake it again
                wake = true;
            }
        }
        if (wake)
            changed_.notify_one();
    }

    void cancel(alarm& a) noexcept override {
        std::unique_lock lock(mutex_);
        alarms_.erase(a);
        finished_.wait(lock,
                       [&] { return running_ != &a || thread_.get_id() == std::this_thread::get_id(); });
    }

private:
    void run() {
        std::unique_lock lock(mutex_);
        while (!stopping_) {
            sleeping_until_ = alarms_.earliest();
            if (sleeping_until_ == never) {
                changed_.wait(lock);
                continue;
            }
            if (sleeping_until_ > now()) {
                // not wait_until on the member: another thread may lower it meanwhile
                const time_point until = sleeping_until_;
                changed_.wait_until(lock, until);
                continue;
            }
            auto* due = static_cast<alarm*>(alarms_.top());
            alarms_.erase(*due);
            running_ = due;
            sleeping_until_ = time_point::min(); // awake: nobody needs to wake it
            lock.unlock();
            due->on_alarm();
            lock.lock();
            running_ = nullptr;
            finished_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::condition_variable finished_;
    detail::deadline_heap alarms_;
    alarm* running_ = nullptr;
    time_point sleeping_until_ = time_point::min();
    bool stopping_ = false;
    std::thread thread_;
};

std::shared_ptr<clock_source> steady_clock_source() {
    static std::mutex mutex;
    static std::weak_ptr<clock_source> shared;
    const std::lock_guard lock(mutex);
    auto clock = shared.lock();
    if (!clock) {
        clock = std::make_shared<steady_alarm_clock>();
        shared = clock;
    }
    return clock;
}

time_point manual_clock::now() const noexcept {
    const std::lock_guard lock(mutex_);
    return now_;
}

void manual_clock::schedule(alarm& a, time_point at) {
    const std::lock_guard lock(mutex_);
    alarms_.push(a, at);
}

void manual_clock::cancel(alarm& a) noexcept {
    {
        const std::lock_guard lock(mutex_);
        alarms_.erase(a);
    }
    if (runs_on_ == std::this_thread::get_id())
        return;
    const std::lock_guard wait(running_);
}

void manual_clock::advance(duration span) {
    const std::lock_guard running(running_);
    runs_on_ = std::this_thread::get_id();
    std::unique_lock lock(mutex_);
    const time_point target = saturated_add(now_, span);
    while (!alarms_.empty() && alarms_.earliest() <= target) {
        auto* due = static_cast<alarm*>(alarms_.top());
        alarms_.erase(*due);
        now_ = std::max(now_, due->at);
        lock.unlock();
        due->on_alarm();
        lock.lock();
    }
    now_ = std::max(now_, target);
    runs_on_ = std::thread::id();
}

} // namespace colock
