#include "faulty_provider.hpp"

#include <colock/memory_provider.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <map>
#include <string>

namespace colock_test {
namespace {

namespace asio = boost::asio;
using namespace colock;
using namespace std::chrono_literals;

memory_provider_options options_for(fault what, std::optional<std::size_t> max_waiters) {
    memory_provider_options options;
    if (max_waiters && what != fault::unbounded)
        options.max_waiters = *max_waiters;
    return options;
}

/// The in-memory provider with one fault.
class faulty_provider final : public provider {
public:
    faulty_provider(fault what, asio::any_io_executor executor, std::optional<std::size_t> max_waiters)
        : fault_(what), executor_(std::move(executor)), inner_(options_for(what, max_waiters)) {}

    bool needs_lease() const noexcept override { return false; }
    clock_source& clock() const noexcept override { return inner_.clock(); }

    asio::awaitable<acquisition> acquire(const lock_request& request) override {
        lock_request changed = request;
        acquisition granted;
        switch (fault_) {
        case fault::excludes_nobody:
            ++made_;
            granted.id = {1, made_};
            granted.token = made_;
            break;
        case fault::barging:
            granted = co_await look_now_and_then(request, 1ms * (1 + ++made_ * 3 % 5)); // in no order
            break;
        case fault::polling:
            granted = co_await look_now_and_then(request, 100ms);
            break;
        case fault::piecemeal:
            for (const auto key : request.keys) {
                const key_set one(key);
                const lock_request part{one, request.owner, request.mode};
                granted = co_await inner_.acquire(part);
            }
            break;
        case fault::deaf:
            co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
            granted = co_await inner_.acquire(request);
            break;
        case fault::leaking:
            granted = co_await leave_behind(request);
            break;
        case fault::late:
            if (request.wait > 0ms && request.wait < 1h)
                changed.wait += 200ms;
            granted = co_await inner_.acquire(changed);
            break;
        case fault::endless_leases:
            changed.expire = std::nullopt;
            granted = co_await inner_.acquire(changed);
            break;
        case fault::silent_loss:
            changed.scoped = false; // so that there is no hold that could be told
            granted = co_await inner_.acquire(changed);
            break;
        default:
            granted = co_await inner_.acquire(request);
        }
        if (fault_ == fault::stale_tokens)
            granted.token = 7;
        co_return granted;
    }
    asio::awaitable<time_point> extend(grant held, duration span) override {
        return inner_.extend(std::move(held), span);
    }
    asio::awaitable<bool> release(key_set keys, std::string owner) override {
        const bool held = co_await inner_.release(std::move(keys), std::move(owner));
        co_return held&& fault_ != fault::forgetful_release;
    }
    asio::awaitable<bool> release(grant held) override {
        if (fault_ == fault::careless_release)
            return inner_.release(held.keys(), held.owner());
        return inner_.release(std::move(held));
    }
    asio::awaitable<std::size_t> release_all(std::optional<std::string> owner) override {
        return inner_.release_all(std::move(owner));
    }
    asio::awaitable<std::vector<lock_info>> list(list_request what) override {
        if (fault_ == fault::nosy_list)
            what.prefix.clear();
        auto all = co_await inner_.list(std::move(what));
        for (auto& each : all)
            if (const auto found = looking_.find(each.key); found != looking_.end())
                each.waiters += found->second;
        co_return all;
    }
    void stop() noexcept override {
        if (fault_ != fault::open_for_ever)
            inner_.stop();
    }
    asio::awaitable<void> close() override { return inner_.close(); }
    provider_statistics statistics() const override { return inner_.statistics(); }
    void set_observer(std::shared_ptr<observer> watcher) override { inner_.set_observer(std::move(watcher)); }

private:
    /// Those who look now and then show as waiters all the same.
    struct in_list {
        in_list(faulty_provider& p, const key_set& k) : mine(p), keys(k) {
            for (const auto key : keys)
                ++mine.looking_[std::string(key)];
        }
        in_list(const in_list&) = delete;
        in_list& operator=(const in_list&) = delete;
        ~in_list() {
            for (const auto key : keys)
                --mine.looking_[std::string(key)];
        }
        faulty_provider& mine;
        const key_set keys;
    };
    asio::awaitable<acquisition> look_now_and_then(const lock_request& request, duration pause) {
        lock_request impatient = request;
        impatient.wait = duration::zero();
        asio::steady_timer timer(co_await asio::this_coro::executor);
        const in_list here(*this, request.keys);
        for (;;) {
            acquisition granted;
            boost::system::error_code refused;
            if (inner_.try_now(impatient, granted, refused) == attempt::granted)
                co_return granted;
            timer.expires_after(pause);
            co_await timer.async_wait(asio::use_awaitable);
        }
    }

    struct left_behind {
        explicit left_behind(const lock_request& of)
            : keys(of.keys), request{keys, {}, of.mode, false, of.wait, of.expire} {}
        const key_set keys;
        const lock_request request;
        std::optional<acquisition> granted;
        std::exception_ptr error;
    };
    asio::awaitable<acquisition> leave_behind(const lock_request& request) {
        const auto call = std::make_shared<left_behind>(request);
        asio::co_spawn(executor_, inner_.acquire(call->request),
                       [call](std::exception_ptr error, acquisition granted) {
                           call->error = error;
                           call->granted = granted;
                       });
        asio::steady_timer timer(co_await asio::this_coro::executor);
        while (!call->granted) {
            timer.expires_after(1ms);
            co_await timer.async_wait(asio::use_awaitable);
        }
        if (call->error)
            std::rethrow_exception(call->error);
        co_return *call->granted;
    }

    const fault fault_;
    asio::any_io_executor executor_;
    memory_provider inner_;
    std::uint64_t made_ = 0;
    std::map<std::string, std::size_t> looking_;
};

} // namespace

std::unique_ptr<provider> make_faulty(fault what, const asio::any_io_executor& executor,
                                      std::optional<std::size_t> max_waiters) {
    return std::make_unique<faulty_provider>(what, executor, max_waiters);
}

} // namespace colock_test
