#pragma once

#include "fixture.hpp"
#include "model.hpp"
#include "seeds.hpp"

#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>

namespace colock_test {

/// The library and the model disagree; what() has the seed and all steps.
struct mismatch : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The library with a fake clock, and the model beside it: does the same to both and compares them after each
/// step.
class driver {
public:
    driver(std::uint64_t seed, bool verbose);

    /// Random steps, then close or release everything; in the end nothing may be left. \throws mismatch
    void run(std::size_t steps);

    [[nodiscard]] std::size_t steps_taken() const { return taken_; }
    [[nodiscard]] std::size_t late_cancellations() const { return late_; }

private:
    /// What a call completes with; of its grant and its guard one is empty.
    struct taken {
        bool contended = false; // a try_ that got nothing
        colock::grant granted;
        colock::guard guard;
    };
    template<class T>
    static asio::awaitable<taken> take(asio::awaitable<T> call, bool accepts_all_cancellation);

    struct live_call {
        started<taken> result;
        bool accepts_all_cancellation = false;
    };

    /// How a call ended, with a guard moved to guards_.
    struct outcome {
        error_code error;
        bool contended = false; // a try_ that got nothing
        colock::grant granted;
    };

    struct observation {
        std::map<call_id, outcome> completed; // since the last step
        std::map<std::string, colock::lock_info> locks;
        std::map<call_id, bool> lost; // guards
        colock::provider_statistics statistics;
    };

    /// The same step for the model; false: the result is not what the library said.
    using effect = std::function<bool(model&)>;

    /// Calls to be cancelled within the step, before the coroutines that it wakes have run.
    using victims = std::vector<call_id>;

    // course.cpp: which steps, and those that take and give back nothing
    void random_step();
    void cancel();
    void advance();
    void advance_to(colock::time_point target);
    void close();
    void finish();

    // operations.cpp: taking and giving back
    void start_call();
    void start_guard_at_once();
    void release_by_keys();
    void release_by_grant();
    void release_by_grant_of_guard();
    void extend();
    void release_all();
    void drop_guard();
    void release_guard();
    [[nodiscard]] std::optional<std::pair<call_id, colock::guard>> take_guard();
    [[nodiscard]] key_names some_keys();
    [[nodiscard]] std::string some_owner();
    [[nodiscard]] colock::duration some_time();
    [[nodiscard]] colock::duration some_wait(const key_names& keys);

    // driver.cpp: doing both
    [[nodiscard]] victims choose_victims(const effect& what);
    void cancel(call_id id, asio::cancellation_type type = asio::cancellation_type::terminal);
    /// Does something in the library that takes no time, and then the same in the model.
    void step(std::string text, const std::function<asio::awaitable<std::string>()>& action,
              const effect& what);

    // driver.cpp: doing and comparing
    void compare(const std::string& text, const effect& what);
    [[nodiscard]] observation observe();
    [[nodiscard]] std::string difference(const model& m, const observation& seen);
    [[nodiscard]] std::string difference(const model& m, call_id id, const outcome& seen);
    [[nodiscard]] std::string difference(const model& m, const std::string& key,
                                         const colock::lock_info& seen);
    [[nodiscard]] bool same_acquisition(acquisition_number number, colock::grant_id id, std::uint64_t token);
    [[nodiscard]] bool tokens_grow() const;
    [[noreturn]] void fail(const std::string& why) const;
    void note(const std::string& text);

    const std::uint64_t seed_;
    const bool verbose_;
    random_source random_;
    const std::size_t max_waiters_;
    world world_;
    model model_;
    std::vector<std::string> keys_;
    std::map<call_id, live_call> live_; // not known to have ended
    std::map<call_id, colock::guard> guards_;
    std::vector<std::pair<acquisition_number, colock::grant>> grants_; // all there were

    using acquisition_names = std::map<acquisition_number, std::pair<std::uint64_t, colock::grant_id>>;
    acquisition_names known_;     // tokens and ids, as seen in earlier steps
    acquisition_names tentative_; // and as a candidate would have it
    std::vector<std::string> trace_;
    std::size_t taken_ = 0;
    std::size_t late_ = 0;
};

} // namespace colock_test
