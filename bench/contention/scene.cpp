#include "scene.hpp"

#include "report.hpp"

#include <algorithm>
#include <random>

namespace contention {
namespace {

std::string random_name() {
    std::random_device device;
    return "contention-" + std::to_string(device()) + '-' + std::to_string(device());
}

} // namespace

scene::scene(const settings& s, const boost::asio::any_io_executor& executor,
             std::unique_ptr<colock::provider> provider, std::function<void()> stop)
    : what(s), chooser(s), locks(executor), awaits_release(provider->needs_lease()), run_name(random_name()),
      checks_(s.keys), queues_(s.keys), stop_(std::move(stop)), unclaimed_(s.operations) {
    names_.reserve(s.keys);
    for (std::uint64_t key = 0; key < s.keys; ++key)
        names_.push_back(s.key_prefix + std::to_string(key));
    locks.add_provider("measured", std::move(provider));
}

void scene::begin_window() {
    window_begin_ = now();
    phase_.store(phase::measuring, std::memory_order_release);
}

void scene::end_window() {
    window_end_ = now();
    phase_.store(phase::stopping, std::memory_order_release);
}

double scene::window_seconds() const noexcept {
    return window_begin_ == 0 ? 0 : static_cast<double>(window_end_ - window_begin_) * 1e-9;
}

std::uint64_t scene::claim(std::uint64_t most) noexcept {
    std::uint64_t left = unclaimed_.load(std::memory_order_relaxed);
    while (left != 0) {
        const std::uint64_t taken = std::min(left, most);
        if (unclaimed_.compare_exchange_weak(left, left - taken, std::memory_order_relaxed))
            return taken;
    }
    return 0;
}

void scene::found(const breach& what_is_wrong, std::size_t key) {
    {
        const std::lock_guard lock(mutex_);
        overlaps_ += what_is_wrong.overlap();
        token_regressions_ += what_is_wrong.stale_token;
        if (first_breach_.empty())
            first_breach_ = describe(what_is_wrong, name(key));
    }
    stop_();
}

void scene::failed(const std::string& why) {
    {
        const std::lock_guard lock(mutex_);
        if (failure_.empty())
            failure_ = why;
    }
    stop_();
}

void scene::put_findings(report& to) const {
    const std::lock_guard lock(mutex_);
    to.overlaps = overlaps_;
    to.token_regressions = token_regressions_;
    to.first_breach = first_breach_;
    to.failure = failure_;
}

} // namespace contention
