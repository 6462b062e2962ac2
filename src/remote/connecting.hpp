#pragma once

#include <functional>

namespace colock::remote {

/// What a coroutine that connects is doing, so that it can be stopped. On the strand.
class connecting {
public:
    void stop() noexcept {
        stopped_ = true;
        if (on_stop_)
            on_stop_();
    }
    [[nodiscard]] bool stopped() const noexcept { return stopped_; }

    /// What ends it. However the coroutine ends, what that refers to goes with it.
    class step {
    public:
        step(connecting& of, std::function<void()> on_stop) : of_(of) { of_.on_stop_ = std::move(on_stop); }
        step(const step&) = delete;
        step& operator=(const step&) = delete;
        ~step() { of_.on_stop_ = nullptr; }

    private:
        connecting& of_;
    };

private:
    std::function<void()> on_stop_;
    bool stopped_ = false;
};

} // namespace colock::remote
