#pragma once

#include "detail/context_watch.hpp"
#include "remote/attempt.hpp"
#include "remote/channel.hpp"
#include "remote/lease_keeper.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <mutex>
#include <random>
#include <set>
#include <unordered_map>

namespace colock::remote {

struct engine_settings {
    channel_settings channel;
    duration longest_lease = forever; ///< of guards and `execute`s
};

/// What a provider, its calls and its holds share. It stays until the last of them is gone. Thread-safe.
class engine final : public std::enable_shared_from_this<engine>,
                     public detail::context_user,
                     public listener,
                     private alarm {
public:
    engine(const asio::any_io_executor& strand, std::shared_ptr<clock_source> clock,
           const engine_settings& settings);
    ~engine();

    /// Before anything else: the links for operations and for notifications.
    void use(std::unique_ptr<link> commands, std::unique_ptr<link> notifications);

    [[nodiscard]] clock_source& clock() const noexcept { return *clock_; }
    [[nodiscard]] const std::shared_ptr<channel>& commands() const noexcept { return commands_; }
    [[nodiscard]] const std::shared_ptr<channel>& notifications() const noexcept { return notifications_; }
    /// Of all ids that this engine makes: names the process to the backend.
    [[nodiscard]] std::uint64_t origin() const noexcept { return origin_; }
    [[nodiscard]] grant_id next_id() noexcept { return {origin_, ++last_number_}; }
    [[nodiscard]] bool is_observed() const noexcept { return observed_.load(std::memory_order_relaxed); }

    // ---- calls ----

    [[nodiscard]] asio::awaitable<acquisition> acquire(const lock_request& request);

    /// Carries out a step; throws provider_unavailable or closed as an error of the call.
    [[nodiscard]] asio::awaitable<reply> carry_out(std::shared_ptr<errand> what);
    [[nodiscard]] std::shared_ptr<errand> make_errand(step what, key_set keys = {});
    /// Carries it out without anybody waiting, until `limit`.
    void in_background(std::shared_ptr<errand> what, time_point limit);

    /// A lease that nobody renews here ends then: whoever waits for it is to be looked after.
    void look_at_end(time_point end);

    void stop() noexcept;
    [[nodiscard]] asio::awaitable<void> close();
    void set_observer(std::shared_ptr<observer> watcher);
    [[nodiscard]] provider_statistics statistics() const;

    void report(const std::exception_ptr& error) const noexcept;

    // ---- for attempts, errands and holds ----

    void start(const std::shared_ptr<attempt>& call);
    void answered(attempt& call, reply answer);
    void cancel(attempt& call) noexcept;
    [[nodiscard]] acquisition take(attempt& call);
    void discard(attempt& call) noexcept; ///< its coroutine has gone

    void start(const std::shared_ptr<errand>& what, time_point limit);
    void answered(errand& what, reply answer);
    void cancel(errand& what) noexcept;

    std::mutex& mutex() const noexcept { return mutex_; }
    lease_keeper& keeper() noexcept { return keeper_; } ///< with the mutex
    void let_go(kept_lease& lease) noexcept;            ///< the same: it is not renewed any more

    // ---- listener ----

    void on_woken(const std::vector<std::uint64_t>& calls) noexcept override;
    void on_revoked(const std::vector<std::uint64_t>& leases) noexcept override;
    void on_events(std::vector<key_event> events) noexcept override;
    void on_connected() noexcept override;
    void on_listening() noexcept override;

    std::vector<detail::resumption> forget(asio::execution_context& context) noexcept override;

private:
    class turn;
    class tick;
    struct awaited_key {
        std::size_t calls = 0;
        time_point look_at = never;
    };

    void on_alarm() noexcept override;

    // With the mutex.
    void ask(attempt& call, turn& now);
    void decide(attempt& call, boost::system::error_code error, turn& now, std::string why = {});
    void abandon(attempt& call, turn& now);
    void begin_wait(attempt& call, const reply& answer, turn& now);
    void end_wait(attempt& call) noexcept;
    void grant(attempt& call, const reply& answer, turn& now);
    void wake(attempt& call, turn& now);
    void ask_all(turn& now);
    void resume(suspension& who) noexcept;
    void enlist(suspension& who);
    void lose(kept_lease& lease, loss why) noexcept;
    void leave(const operation& call);
    void look_after();
    void add_sweep(time_point end);
    [[nodiscard]] time_point next_tick() const noexcept;
    void ticked(tick& what, reply answer);
    void keep_alarm();
    void listen();
    void ping();
    void rest_if_idle() noexcept;
    [[nodiscard]] duration backstop() noexcept;

    const std::shared_ptr<clock_source> clock_;
    const engine_settings settings_;
    const std::shared_ptr<detail::background> strand_;
    const std::shared_ptr<channel> commands_;
    const std::shared_ptr<channel> notifications_;
    const std::uint64_t origin_;
    std::atomic<std::uint64_t> last_number_ = 0;
    asio::execution_context* const context_; ///< of the links

    mutable std::mutex mutex_;
    bool stopped_ = false;
    std::unordered_map<std::uint64_t, std::shared_ptr<attempt>> attempts_;
    std::unordered_map<std::string, awaited_key> awaited_;
    std::size_t queued_ = 0;
    suspension_list suspended_;
    detail::deadline_heap deadlines_;
    lease_keeper keeper_;
    std::set<time_point> sweeps_; ///< when leases that nobody renews here end
    std::shared_ptr<tick> tick_;  ///< on its way
    bool look_now_ = false;       ///< once the tick is back, another
    time_point backstop_at_ = never;
    time_point not_before_ = time_point::min();
    time_point look_at_ = never; ///< the first of the awaited keys'
    time_point tidied_at_;
    std::string cursor_ = "0"; ///< of what ticks clear away in parts
    operation_ptr listening_;
    bool pinging_ = false;
    time_point armed_for_ = never;
    std::minstd_rand random_{std::random_device{}()};

    provider_statistics statistics_;
    std::shared_ptr<observer> watcher_;
    std::atomic<bool> observed_ = false;
};

/// The outcome of a failed call as an exception.
[[nodiscard]] lock_error failure(boost::system::error_code error, const key_set& keys,
                                 const std::string& why);

} // namespace colock::remote
