#include <colock/clock.hpp>

#include "detail/clock_thread.hpp"

#if defined(__linux__)

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace colock {
namespace {

class descriptor {
public:
    explicit descriptor(int number) : number_(number) {
        if (number_ < 0)
            throw std::system_error(errno, std::generic_category(), "clock");
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() { ::close(number_); }
    operator int() const noexcept { return number_; } // NOLINT(*-explicit-*)

private:
    int number_;
};

timespec to_timespec(time_point at) {
    const auto since = std::max(at.time_since_epoch(), duration(1)); // zero would disarm the timer
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
    return {static_cast<time_t>(seconds.count()), static_cast<long>((since - seconds).count())};
}

time_point read_clock(clockid_t which) noexcept {
    timespec t;
    clock_gettime(which, &t);
    return time_point(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
}

} // namespace

// A condition variable would sleep on while the machine does: a timer of the kernel is set instead, and an
// event wakes the thread when an earlier alarm was added.
class boottime_alarm_clock final : public clock_source,
                                   public std::enable_shared_from_this<boottime_alarm_clock> {
public:
    ~boottime_alarm_clock() override {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        if (!thread_.joinable())
            return;
        if (thread_.get_id() == std::this_thread::get_id()) { // an alarm was the last to use it
            thread_.detach();
            *gone_ = true;
            return;
        }
        wake();
        thread_.join();
    }

    time_point now() const noexcept override { return read_clock(CLOCK_BOOTTIME); }

    void schedule(alarm& a, time_point at) override {
        bool earlier = false;
        {
            const std::lock_guard lock(mutex_);
            alarms_.push(a, at);
            if (!thread_.joinable())
                thread_ = detail::thread_without_signals([this] { run(); });
            else if (at < sleeping_until_) {
                sleeping_until_ = at; // a second alarm that early need not wake it again
                earlier = true;
            }
        }
        if (earlier)
            wake();
    }

    void cancel(alarm& a) noexcept override {
        std::unique_lock lock(mutex_);
        alarms_.erase(a);
        finished_.wait(lock,
                       [&] { return running_ != &a || thread_.get_id() == std::this_thread::get_id(); });
    }

private:
    void wake() noexcept {
        const std::uint64_t one = 1;
        (void)!::write(event_, &one, sizeof one);
    }

    void sleep(time_point until) noexcept {
        itimerspec setting{};
        if (until != never)
            setting.it_value = to_timespec(until);
        timerfd_settime(timer_, TFD_TIMER_ABSTIME, &setting, nullptr);
        pollfd both[] = {{timer_, POLLIN, 0}, {event_, POLLIN, 0}};
        (void)::poll(both, 2, -1);
        std::uint64_t count = 0;
        for (const auto& ready : both)
            if (ready.revents & POLLIN)
                (void)!::read(ready.fd, &count, sizeof count);
    }

    void run() {
        const auto gone = gone_;
        std::unique_lock lock(mutex_);
        while (!stopping_) {
            const time_point until = alarms_.earliest();
            sleeping_until_ = until;
            if (until > now()) {
                lock.unlock();
                sleep(until);
                lock.lock();
                continue;
            }
            auto* due = static_cast<alarm*>(alarms_.top());
            alarms_.erase(*due);
            running_ = due;
            sleeping_until_ = time_point::min(); // awake: nobody needs to wake it
            auto keep = weak_from_this().lock();
            lock.unlock();
            due->on_alarm();
            lock.lock();
            running_ = nullptr;
            finished_.notify_all();
            lock.unlock();
            keep.reset(); // may end this object
            if (*gone)
                return;
            lock.lock();
        }
    }

    const descriptor timer_{timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK)};
    const descriptor event_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::mutex mutex_;
    std::condition_variable finished_;
    detail::deadline_heap alarms_;
    alarm* running_ = nullptr;
    const std::shared_ptr<bool> gone_ = std::make_shared<bool>(false); // of the thread's own knowledge
    time_point sleeping_until_ = time_point::min();
    bool stopping_ = false;
    std::thread thread_;
};

std::shared_ptr<clock_source> boottime_clock_source() {
    static std::mutex mutex;
    static std::weak_ptr<clock_source> shared;
    const std::lock_guard lock(mutex);
    auto clock = shared.lock();
    if (!clock) {
        clock = std::make_shared<boottime_alarm_clock>();
        shared = clock;
    }
    return clock;
}

} // namespace colock

#else

namespace colock {

std::shared_ptr<clock_source> boottime_clock_source() {
    return steady_clock_source();
}

} // namespace colock

#endif
