#include "load.hpp"

#include "fairness.hpp"
#include "progress.hpp"
#include "time_text.hpp"
#include "worker.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <deque>
#include <thread>

namespace contention {
namespace {

using namespace std::chrono_literals;

// Workers end their calls by themselves once the run stops; whoever still waits after this long is refused.
constexpr auto drain_limit = 2s;

/// One run. The calling thread runs `control_`, on which all of this class happens; the other threads run the
/// workers, on contexts of their own.
class load {
public:
    load(const settings& what, const provider_factory& make, std::ostream* progress)
        : what_(what), contexts_(make_contexts(what)), recorders_(what.threads),
          scene_(what, first().get_executor(), make(first().get_executor(), what.provider),
                 [this] { asio::post(control_, [this] { stop(); }); }),
          display_(progress) {
        for (auto& io : contexts_)
            work_.push_back(asio::make_work_guard(io.value));
        for (std::uint64_t i = 0; i < what.coroutines; ++i)
            workers_.emplace_back(scene_, contexts_[i % contexts_.size()].value, i);
    }

    report run() {
        signals_.async_wait([this](boost::system::error_code error, int) {
            if (error)
                return;
            interrupted_ = true;
            signals_.clear(); // the next one ends the process
            stop();
        });
        start_threads();
        start_workers();
        after(phase_timer_, what_.warm_up - since_begin(), [this] { begin(); });
        show_progress();
        control_.run();
        for (std::thread& t : threads_)
            t.join();
        return collect();
    }

private:
    struct context {
        explicit context(int threads) : value(threads) {}
        asio::io_context value;
    };

    static std::deque<context> make_contexts(const settings& what) {
        const std::uint64_t count = what.io == contexts::own ? what.threads : 1;
        std::deque<context> made;
        while (made.size() < count)
            made.emplace_back(static_cast<int>(what.threads / count));
        return made;
    }

    asio::io_context& first() { return contexts_.front().value; }

    void start_threads() {
        for (std::uint64_t i = 0; i < what_.threads; ++i)
            threads_.emplace_back([this, i] {
                recorder::set(recorders_[i]);
                contexts_[i % contexts_.size()].value.run();
            });
    }

    void start_workers() {
        running_ = workers_.size();
        for (std::size_t i = 0; i < workers_.size(); ++i)
            asio::co_spawn(contexts_[i % contexts_.size()].value, workers_[i].run(),
                           [this](std::exception_ptr error) { ended(error); });
    }

    /// On the worker's thread.
    void ended(const std::exception_ptr& error) {
        try {
            if (error)
                std::rethrow_exception(error);
        } catch (const std::exception& e) {
            scene_.failed(e.what());
        }
        if (running_.fetch_sub(1) == 1)
            asio::post(control_, [this] { all_ended(); });
    }

    /// All processes shall measure at the same time.
    [[nodiscard]] nanoseconds since_begin() const {
        return what_.begins_at == 0
                   ? nanoseconds::zero()
                   : std::chrono::steady_clock::now().time_since_epoch() - nanoseconds(what_.begins_at);
    }

    template<class Action>
    static void after(asio::steady_timer& timer, nanoseconds span, Action action) {
        timer.expires_after(span);
        timer.async_wait([action](boost::system::error_code error) {
            if (!error)
                action();
        });
    }

    void begin() {
        if (scene_.now_in() != phase::warming_up)
            return;
        scene_.begin_window();
        window_began_ = std::chrono::steady_clock::now();
        counted_before_ = counted();
        if (what_.duration > nanoseconds::zero())
            after(phase_timer_, what_.duration, [this] { stop(); });
    }

    void stop() {
        if (scene_.now_in() == phase::stopping)
            return;
        scene_.end_window();
        display_.clear();
        phase_timer_.cancel();
        progress_timer_.cancel();
        after(phase_timer_, drain_limit, [this] { close(); });
    }

    void all_ended() {
        stop(); // all operations were done
        close();
    }

    void close() {
        if (std::exchange(closing_, true))
            return;
        phase_timer_.cancel();
        statistics_ = scene_.locks.get_provider().statistics();
        asio::co_spawn(first(), scene_.locks.close(), [this](const std::exception_ptr&) {
            asio::post(control_, [this] {
                closed_ = true;
                finish();
            });
        });
    }

    void finish() {
        if (!closed_)
            return;
        if (running_ != 0) { // they are about to end
            after(phase_timer_, 1ms, [this] { finish(); });
            return;
        }
        signals_.cancel();
        control_work_.reset();
        work_.clear();
        for (auto& io : contexts_)
            io.value.stop(); // a provider may keep connections
        display_.clear();
    }

    void show_progress() {
        if (!display_ || scene_.now_in() == phase::stopping)
            return;
        if (scene_.now_in() == phase::measuring)
            display_.show(what_, std::chrono::steady_clock::now() - window_began_,
                          counted() - counted_before_);
        after(progress_timer_, 250ms, [this] { show_progress(); });
    }

    [[nodiscard]] std::uint64_t counted() const {
        std::uint64_t sum = 0;
        for (const recorder& r : recorders_)
            sum += r.operations.load(std::memory_order_relaxed);
        return sum;
    }

    [[nodiscard]] report collect() const {
        report result;
        result.what = what_;
        scene_.put_findings(result);
        result.seconds = scene_.window_seconds();
        result.interrupted = interrupted_;
        result.statistics = statistics_;
        result.cores = std::thread::hardware_concurrency();
        histogram wait;
        histogram hold;
        histogram hand_off;
        for (const recorder& r : recorders_) {
            wait.merge(r.wait);
            hold.merge(r.hold);
            hand_off.merge(r.hand_off);
        }
        result.wait = wait.summarize();
        result.hold = hold.summarize();
        result.hand_off = hand_off.summarize();
        std::vector<std::uint64_t> shares;
        std::uint64_t calls = 0; // of the log
        for (const worker& w : workers_) {
            const worker::counts& c = w.counted();
            shares.push_back(c.operations);
            result.operations += c.operations;
            result.timeouts += c.timeouts;
            result.refusals += c.refusals;
            result.inversions += c.inversions;
            result.grants += c.grants;
            result.unfinished += c.unfinished;
            result.longest_unfinished = std::max(result.longest_unfinished, nanoseconds(c.unfinished_wait));
            for (logged_grant grant : w.log()) {
                grant.call = calls += grant.first;
                result.log.push_back(grant);
            }
        }
        result.jain = jain_index(shares);
        if (result.failure.empty() && !interrupted_)
            result.failure = nothing_granted(result);
        return result;
    }

    // A backend that cannot be reached does not refuse: calls wait for it until their limit, or the run's
    // end.
    static std::string nothing_granted(const report& r) {
        const std::uint64_t calls = r.unfinished + r.timeouts + r.refusals;
        if (r.grants != 0 || calls == 0)
            return {};
        std::string text = "no call was granted: ";
        if (r.unfinished != 0)
            text += std::to_string(r.unfinished) + " still waited at the end, the longest for " +
                    rounded(static_cast<double>(r.longest_unfinished.count())) + "; ";
        if (r.timeouts + r.refusals != 0)
            text += std::to_string(r.timeouts) + " timed out and " + std::to_string(r.refusals) +
                    " were refused; ";
        text += "can the provider be reached, and is nobody else holding the keys?";
        return text;
    }

    const settings what_;
    asio::io_context control_{1};
    asio::executor_work_guard<asio::io_context::executor_type> control_work_{control_.get_executor()};
    asio::signal_set signals_{control_, SIGINT, SIGTERM};
    asio::steady_timer phase_timer_{control_};
    asio::steady_timer progress_timer_{control_};

    std::deque<context> contexts_;
    std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work_;
    std::deque<recorder> recorders_; // one a thread
    scene scene_;
    std::deque<worker> workers_;
    std::vector<std::thread> threads_;
    std::atomic<std::size_t> running_{0}; // workers

    progress_line display_;
    std::chrono::steady_clock::time_point window_began_;
    std::uint64_t counted_before_ = 0;
    bool interrupted_ = false;
    bool closing_ = false;
    bool closed_ = false;
    colock::provider_statistics statistics_;
};

} // namespace

report run(const settings& what, const provider_factory& make, std::ostream* progress) {
    load one(what, make, progress);
    return one.run();
}

} // namespace contention
