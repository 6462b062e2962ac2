#include "lag.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <thread>

namespace colock_test {
namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

class sleeper {
public:
    std::chrono::nanoseconds worst_since(clock::time_point then) {
        const std::lock_guard lock(mutex_);
        auto worst = std::max(clock::now() - due_, clock::duration::zero()); // it may be late at this moment
        for (const nap& each : late_)
            if (each.ended >= then)
                worst = std::max(worst, each.by);
        return worst;
    }

private:
    struct nap {
        clock::time_point ended;
        clock::duration by;
    };
    static constexpr auto kept = 60s;

    void sleep(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            std::this_thread::sleep_until(due_);
            const auto now = clock::now();
            const std::lock_guard lock(mutex_);
            if (now - due_ > 1ms)
                late_.push_back({now, now - due_});
            while (!late_.empty() && now - late_.front().ended > kept)
                late_.pop_front();
            due_ = now + 5ms;
        }
    }

    std::mutex mutex_;
    clock::time_point due_ = clock::now() + 5ms;
    std::deque<nap> late_;
    std::jthread thread_{[this](const std::stop_token& stop) { sleep(stop); }};
};

sleeper one; // from the start of the program

} // namespace

std::chrono::nanoseconds lag_since(clock::time_point then) {
    return one.worst_since(then);
}

} // namespace colock_test
