#include "faulty_providers.hpp"

#include <colock/make_provider.hpp>
#include <colock/memory_provider.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>

namespace colock_test {
namespace {

namespace asio = boost::asio;
using namespace colock;

enum class fault { excludes_nobody, stale_tokens, barging, down, forgetful, silent };

struct dropper {
    void operator()(hold* held) const noexcept { (void)held->drop(); }
};

class faulty_provider final : public provider {
public:
    explicit faulty_provider(fault what) : fault_(what) {}

    bool needs_lease() const noexcept override { return true; }
    clock_source& clock() const noexcept override { return inner_.clock(); }

    asio::awaitable<acquisition> acquire(const lock_request& request) override {
        if (fault_ == fault::down)
            throw lock_error(errc::provider_unavailable, "Cannot reach down:", request.keys);
        acquisition granted;
        if (fault_ == fault::excludes_nobody)
            granted.token = ++tokens_;
        else if (fault_ == fault::barging)
            granted = co_await barge(request);
        else
            granted = co_await inner_.acquire(request);
        if (fault_ == fault::silent) {
            const std::unique_ptr<hold, dropper> mine(granted.held); // for which it waits
            granted = co_await inner_.acquire(request);
        }
        if (fault_ == fault::stale_tokens)
            granted.token = 7;
        co_return granted;
    }
    asio::awaitable<bool> release(key_set keys, std::string owner) override {
        bool held = true;
        if (fault_ != fault::excludes_nobody)
            held = co_await inner_.release(std::move(keys), std::move(owner));
        co_return held&& fault_ != fault::forgetful;
    }
    asio::awaitable<bool> release(grant) override { co_return true; } // of a hold of ours
    asio::awaitable<time_point> extend(grant, duration) override { co_return never; }
    asio::awaitable<std::size_t> release_all(std::optional<std::string> owner) override {
        return inner_.release_all(std::move(owner));
    }
    asio::awaitable<std::vector<lock_info>> list(list_request what) override {
        return inner_.list(std::move(what));
    }
    void stop() noexcept override { inner_.stop(); }
    asio::awaitable<void> close() override { return inner_.close(); }

private:
    asio::awaitable<acquisition> barge(const lock_request& request) {
        lock_request impatient = request;
        impatient.wait = duration::zero();
        for (;;) {
            acquisition granted;
            boost::system::error_code refused;
            const attempt outcome = inner_.try_now(impatient, granted, refused);
            if (outcome == attempt::granted)
                co_return granted;
            co_await asio::post(asio::deferred);
        }
    }

    const fault fault_;
    memory_provider inner_;
    std::atomic<std::uint64_t> tokens_{0};
};

} // namespace

contention::provider_factory faulty_providers() {
    return [](const asio::any_io_executor& executor, const std::string& url) -> std::unique_ptr<provider> {
        using namespace std::string_view_literals;
        for (const auto& [scheme, what] : {std::pair{"nothing:"sv, fault::excludes_nobody},
                                           {"stale:"sv, fault::stale_tokens},
                                           {"barging:"sv, fault::barging},
                                           {"down:"sv, fault::down},
                                           {"forgetful:"sv, fault::forgetful},
                                           {"silent:"sv, fault::silent}})
            if (url == scheme)
                return std::make_unique<faulty_provider>(what);
        return make_provider(executor, url);
    };
}

} // namespace colock_test
