#pragma once

#include <colock/provider.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace colock_test {

/// The least that a user may write: no owners, no queue, no leases, no holds of its own.
class simple_provider : public colock::provider {
public:
    explicit simple_provider(std::shared_ptr<colock::clock_source> clock = colock::steady_clock_source())
        : clock_(std::move(clock)) {}

    bool needs_lease() const noexcept override { return false; }
    colock::clock_source& clock() const noexcept override { return *clock_; }

    boost::asio::awaitable<colock::acquisition> acquire(const colock::lock_request& request) override {
        co_await boost::asio::post(boost::asio::deferred); // as if it took time
        const std::lock_guard lock(mutex_);
        if (stopped_)
            throw colock::lock_error::acquiring(colock::errc::closed, request.keys);
        for (const auto key : request.keys)
            if (held_.contains(std::string(key)))
                throw colock::lock_error::acquiring(colock::errc::already_locked, request.keys);
        ++last_;
        for (const auto key : request.keys)
            held_[std::string(key)] = {last_, request.scoped};
        co_return colock::acquisition{{1, last_}, last_, colock::never, nullptr};
    }
    boost::asio::awaitable<bool> release(colock::grant held) override {
        co_await boost::asio::post(boost::asio::deferred);
        const std::lock_guard lock(mutex_);
        bool all = true;
        for (const auto key : held.keys()) {
            const auto found = held_.find(std::string(key));
            const bool same = found != held_.end() && found->second.token == held.token();
            if (same)
                held_.erase(found);
            all = all && same;
        }
        co_return all;
    }
    boost::asio::awaitable<std::size_t> release_all(std::optional<std::string>) override {
        const std::lock_guard lock(mutex_);
        const std::size_t count = held_.size();
        held_.clear();
        co_return count;
    }
    boost::asio::awaitable<colock::time_point> extend(colock::grant, colock::duration span) override {
        co_return colock::saturated_add(clock_->now(), span);
    }
    boost::asio::awaitable<bool> release(colock::key_set, std::string) override { co_return false; }
    boost::asio::awaitable<std::vector<colock::lock_info>> list(colock::list_request) override {
        co_return std::vector<colock::lock_info>();
    }
    void stop() noexcept override {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    boost::asio::awaitable<void> close() override {
        const std::lock_guard lock(mutex_);
        std::erase_if(held_, [](const auto& each) { return each.second.scoped; });
        co_return;
    }

    [[nodiscard]] std::size_t held() const {
        const std::lock_guard lock(mutex_);
        return held_.size();
    }

private:
    struct holding {
        std::uint64_t token;
        bool scoped;
    };
    const std::shared_ptr<colock::clock_source> clock_;
    mutable std::mutex mutex_;
    std::map<std::string, holding> held_;
    // Tokens must grow through a restart.
    std::uint64_t last_ =
        static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    bool stopped_ = false;
};

} // namespace colock_test
