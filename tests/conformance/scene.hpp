#pragma once

#include "started.hpp"

#include <colock/conformance.hpp>
#include <colock/error.hpp>
#include <colock/locking_service.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <deque>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

namespace colock::conformance {

using namespace std::chrono_literals;
using colock_test::started;
using time = std::chrono::steady_clock;

/// Ends a case that cannot go on; what happened has been noted.
struct gave_up : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// What one case plays in: an io_context, which runs only while the case waits for something, and a service
/// whose one provider is the subject's.
class scene {
public:
    scene(const subject& who, std::string space);
    ~scene();

    const subject& who;
    const duration unit = who.unit;
    const duration lease = 4 * who.unit;

    asio::io_context io;
    std::optional<locking_service> locks;

    /// Replaces the service and its provider by new ones.
    void renew_service(std::optional<std::size_t> max_waiters = {});
    /// A service with another provider of the same space; on an executor of its own, if one is given.
    [[nodiscard]] std::unique_ptr<locking_service> another(asio::any_io_executor executor = {});

    /// Runs until something is so; gives up when patience ends. Conditions may use all of this class.
    template<class Condition>
    void until(Condition condition, const char* what) {
        const auto end = time::now() + who.patience;
        for (bool first = true; !condition(); first = false) {
            if (!first && time::now() > end)
                give_up(std::string("in vain waited until ") + what);
            step(2ms);
        }
    }
    /// Runs for a while: for what takes time, never for what can be awaited.
    void pass(duration span);
    /// Runs what is ready, or comes within `limit`.
    void step(duration limit = 0ms);

    template<class T>
    started<T> start(asio::awaitable<T> work) {
        auto call = colock_test::start(io.get_executor(), std::move(work));
        step();
        return call;
    }
    /// Runs until a call has ended, and gives or throws its outcome.
    template<class T>
    auto finish(started<T>& call) {
        until([&] { return call.done(); }, "a call ended");
        if constexpr (std::is_void_v<T>)
            call.get();
        else
            return std::move(call.get());
    }
    template<class T>
    auto now(asio::awaitable<T> work) {
        auto call = start(std::move(work));
        return finish(call);
    }
    /// The code that a call fails with; success if it does not.
    template<class T>
    boost::system::error_code error_of(started<T>& call) {
        until([&] { return call.done(); }, "a call ended");
        return call.error();
    }
    template<class T>
    boost::system::error_code error_of(asio::awaitable<T> work) {
        auto call = start(std::move(work));
        return error_of(call);
    }

    /// Starts a call that cannot be granted at once, and runs until it is in the queue of the key.
    template<class T>
    started<T> queue(asio::awaitable<T> work, std::string_view key) {
        const std::size_t before = waiters(key);
        auto call = start(std::move(work));
        until([&] { return waiters(key) > before || call.done(); }, "a call was queued");
        if (call.done())
            give_up("a call ended that should have been queued");
        return call;
    }
    [[nodiscard]] std::optional<lock_info> info(std::string_view key);
    [[nodiscard]] std::size_t waiters(std::string_view key);
    [[nodiscard]] std::size_t listed(); ///< keys that are held or waited for
    /// Whether a key can be taken now; it is given back.
    [[nodiscard]] bool is_free(const key_set& key);
    /// Runs until nothing is held or waited for.
    void until_empty();

    [[nodiscard]] const std::string& space() const { return space_; }
    void note(bool ok, const char* what, const char* file, int line);
    [[noreturn]] void give_up(const std::string& why);
    [[nodiscard]] const std::string& failures() const { return failures_; }
    /// Ends the service, and checks that this leaves no work behind.
    void tear_down();

private:
    const std::string space_;
    asio::executor_work_guard<asio::io_context::executor_type> awake_{io.get_executor()};
    std::string failures_;
};

/// Never ends but by cancellation.
asio::awaitable<void> endless();

/// A job that takes no notice of cancellation and ends when it is told to.
class stubborn_job {
public:
    asio::awaitable<int> operator()();
    void end() { ends_ = true; }
    [[nodiscard]] bool running() const { return running_; }

private:
    bool ends_ = false;
    bool running_ = false;
};

/// Whether three of at most nine tries take no longer than `limit`: neither does a busy machine fail a
/// provider nor luck save one. Each returns what it took.
bool often_within(duration limit, const std::function<duration()>& measured);

} // namespace colock::conformance

#define COLOCK_CHECK(...) s.note(bool(__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)
#define COLOCK_REQUIRE(...)                                                                                  \
    do {                                                                                                     \
        if (!(__VA_ARGS__)) {                                                                                \
            s.note(false, #__VA_ARGS__, __FILE__, __LINE__);                                                 \
            throw gave_up(#__VA_ARGS__);                                                                     \
        }                                                                                                    \
    } while (false)
#define COLOCK_CASE(name, ...)                                                                               \
    test_case {                                                                                              \
#name, features{__VA_ARGS__ }, &name                                                                 \
    }
