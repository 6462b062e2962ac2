#include "threads.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <latch>

BOOST_AUTO_TEST_SUITE(order)

using namespace colock_test;

namespace {

// Calls that queue for one key, one after the other, each when the one before is seen to be in the queue.
// When all are, some are cancelled; when those are gone, the key is set free.
class line {
public:
    line(std::vector<place> places, random_source& random) : places_(std::move(places)), done_(count()) {
        for (std::size_t i = 0; i < places_.size(); ++i)
            modes_.push_back(random.percent(30) ? colock::lock_mode::shared : colock::lock_mode::exclusive);
        locks_.set_observer(watch_);
        first_ = static_cast<colock::memory_provider&>(locks_.get_provider()).try_lock("the key").value();
    }

    void run() {
        next();
        done_.wait();
        watch_->wait_for(places_.size()); // no thread is in next() any more
    }

    void check() const {
        BOOST_TEST(std::is_sorted(writers_.begin(), writers_.end()));
        std::uint64_t last = 0;
        for (std::size_t i = 0; i < places_.size(); ++i)
            if (!cancelled(i)) {
                BOOST_TEST(tokens_[i] > last);
                last = tokens_[i];
            }
        BOOST_TEST(!elsewhere_);
    }

private:
    [[nodiscard]] std::ptrdiff_t count() const { return static_cast<std::ptrdiff_t>(places_.size()); }
    [[nodiscard]] static bool cancelled(std::size_t i) { return i % 5 == 4; }

    void next() {
        const std::size_t i = started_++;
        if (i < places_.size()) {
            asio::co_spawn(places_[i].executor, wait(i),
                           asio::bind_cancellation_slot(signals_[i].slot(),
                                                        [this](std::exception_ptr) { done_.count_down(); }));
            return;
        }
        for (std::size_t c = 0; c < places_.size(); ++c)
            if (cancelled(c))
                asio::post(places_[c].executor,
                           [this, c] { signals_[c].emit(asio::cancellation_type::terminal); });
    }

    asio::awaitable<void> wait(std::size_t i) {
        bool aborted = false;
        {
            colock::guard held;
            try {
                held = co_await locks_.lock("the key", {.wait = colock::forever, .mode = modes_[i]});
            } catch (const colock::lock_error& e) {
                aborted = e.code() == asio::error::operation_aborted;
            }
            if (!places_[i].here())
                elsewhere_ = true;
            tokens_[i] = held.token();
            if (held && modes_[i] == colock::lock_mode::exclusive)
                writers_.push_back(i); // guarded by the lock
        }
        if (aborted && --to_cancel_ == 0)
            first_.reset();
    }

    const std::vector<place> places_;
    std::vector<colock::lock_mode> modes_;
    std::vector<std::uint64_t> tokens_ = std::vector<std::uint64_t>(places_.size());
    std::vector<asio::cancellation_signal> signals_ = std::vector<asio::cancellation_signal>(places_.size());
    std::vector<std::size_t> writers_;
    std::atomic<std::size_t> started_{0};
    std::atomic<std::size_t> to_cancel_{places_.size() / 5};
    std::atomic<bool> elsewhere_{false};
    std::latch done_;
    const std::shared_ptr<queue_watch> watch_ = std::make_shared<queue_watch>([this] { next(); });
    colock::locking_service locks_{places_.front().executor};
    colock::guard first_;
};

template<class Place>
void run_lines(std::size_t lines, Place make) {
    random_source random(stress_seed());
    for (std::size_t i = 0; i < lines; ++i) {
        std::vector<place> places;
        for (std::size_t j = 0; j < 30; ++j)
            places.push_back(make(j));
        line one(std::move(places), random);
        one.run();
        one.check();
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(W1_W6_several_threads_of_one_io_context) {
    io_threads threads(1, 3);
    run_lines(scaled(400), [&](std::size_t i) { return threads.strand(i); });
}

BOOST_AUTO_TEST_CASE(W1_W6_an_io_context_per_thread) {
    io_threads threads(3, 1);
    run_lines(scaled(400), [&](std::size_t i) { return threads.plain(i); });
}

BOOST_AUTO_TEST_CASE(W1_W6_a_thread_pool) {
    asio::thread_pool pool(3);
    run_lines(scaled(400), [&](std::size_t) { return strand_of(pool); });
}

BOOST_AUTO_TEST_SUITE_END()
