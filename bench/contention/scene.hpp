#pragma once

#include "key_check.hpp"
#include "key_chooser.hpp"
#include "key_queue.hpp"

#include <colock/locking_service.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace contention {

enum class phase { warming_up, measuring, stopping };

[[nodiscard]] inline moment now() noexcept {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

/// What all workers of a run share.
class scene {
public:
    /// `stop` is called, on any thread, when the run must end at once.
    scene(const settings& s, const boost::asio::any_io_executor& executor,
          std::unique_ptr<colock::provider> provider, std::function<void()> stop);

    const settings what;
    const key_chooser chooser;
    colock::locking_service locks;
    const bool awaits_release;  ///< a guard's end alone would release in the background
    const std::string run_name; ///< differs from that of any other run: owners must not meet

    [[nodiscard]] const std::string& name(std::size_t key) const noexcept { return names_[key]; }
    [[nodiscard]] key_check& check(std::size_t key) noexcept { return checks_[key].value; }
    [[nodiscard]] key_queue& queue(std::size_t key) noexcept { return queues_[key].value; }

    [[nodiscard]] phase now_in() const noexcept { return phase_.load(std::memory_order_acquire); }
    [[nodiscard]] moment window_end() const noexcept { return window_end_; } ///< once stopping
    void begin_window();                                                     ///< ends the warm-up
    void end_window();                                                       ///< the run stops
    [[nodiscard]] double window_seconds() const noexcept;

    /// Takes up to `most` of the operations that are left to do, if their number is limited.
    [[nodiscard]] std::uint64_t claim(std::uint64_t most) noexcept;

    void found(const breach& what_is_wrong, std::size_t key); ///< stops the run
    void failed(const std::string& why);                      ///< stops the run
    void put_findings(struct report& to) const;               ///< when no worker runs any more

private:
    template<class T>
    struct alignas(64) line { // on cache lines of its own
        T value;
    };

    std::vector<std::string> names_;
    std::vector<line<key_check>> checks_;
    std::vector<line<key_queue>> queues_;
    const std::function<void()> stop_;

    std::atomic<phase> phase_{phase::warming_up};
    moment window_begin_ = 0;
    moment window_end_ = 0; // written before the phase that says so
    alignas(64) std::atomic<std::uint64_t> unclaimed_;

    mutable std::mutex mutex_; // for what follows
    std::uint64_t overlaps_ = 0;
    std::uint64_t token_regressions_ = 0;
    std::string first_breach_;
    std::string failure_;
};

} // namespace contention
