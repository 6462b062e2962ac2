#pragma once

#include "choices.hpp"

#include <colock/colock.hpp>

#include <boost/system/error_code.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace colock_test {

using boost::system::error_code;
using key_names = std::vector<std::string>;

/// Calls are numbered in the order they came: their places in all queues follow from that.
using call_id = std::size_t;

/// Acquisitions are numbered in the order they were granted: their tokens must grow with it.
using acquisition_number = std::size_t;

/// One call to take locks, and what became of it.
struct model_call {
    key_names keys; // each once
    std::string owner = {};
    colock::lock_mode mode = colock::lock_mode::exclusive;
    bool scoped = false;
    colock::duration wait = {};
    std::optional<colock::duration> expire = {};

    enum class state_t { pending, granted, failed };
    state_t state = state_t::pending;
    error_code error = {};
    colock::time_point deadline = colock::never;
    acquisition_number number = 0;                 // once granted
    colock::time_point expires_at = colock::never; // when granted
    bool told = false;                             // its coroutine has been resumed
    bool doomed = false;                           // cancelled after it was granted and before it was told
};

/// One of those who hold a key.
struct model_hold {
    std::string owner;
    colock::lock_mode mode;
    bool scoped;
    acquisition_number number;
    colock::time_point since;
    colock::time_point end;
    bool received = false;         // by a call that was told of it
    std::set<call_id> untold = {}; // the calls that were granted it, and have yet to be told
};

/// What section 2 of the design says, as a sequential program: all calls in the order they came, all holds of
/// each key, and after every change a search for any call that can now be granted. It has no queues, no
/// shards and no deadline order of its own. It is a value, so that a step can be tried on a copy.
class model {
public:
    model(std::size_t max_waiters, colock::time_point now) : max_waiters_(max_waiters), now_(now) {}

    // The steps. Each leaves all that can be granted granted.
    call_id start(model_call call);
    void cancel(call_id id);
    bool release(const key_names& keys, const std::string& owner);
    bool release(const key_names& keys, acquisition_number number);
    std::optional<colock::time_point> extend(const key_names& keys, acquisition_number number,
                                             colock::duration span);
    std::size_t release_all(const std::optional<std::string>& owner);
    bool drop(call_id guard); ///< whether its lock had not been lost
    void advance(colock::duration span);
    void close();
    void tell(); ///< the coroutines of all calls that are decided run

    [[nodiscard]] colock::time_point now() const { return now_; }
    [[nodiscard]] const std::vector<model_call>& calls() const { return calls_; }
    [[nodiscard]] std::vector<model_hold> holds(const std::string& key) const;
    [[nodiscard]] std::size_t waiters(const std::string& key) const;
    [[nodiscard]] bool lost(call_id guard) const;
    [[nodiscard]] colock::time_point next_deadline() const;
    [[nodiscard]] bool idle() const; ///< nothing held, nothing waits

    /// Counts, as in provider_statistics.
    std::uint64_t granted = 0;
    std::uint64_t queued = 0;
    std::uint64_t timed_out = 0;
    std::uint64_t expired = 0;

    /// Decides what the rules leave open. `likely` orders the calls that can be granted in one step: a guess
    /// of what the library did, so that the right choice is found soon; it decides nothing.
    choices* open = nullptr;
    const std::map<call_id, std::uint64_t>* likely = nullptr;

private:
    enum class verdict { grantable, must_wait, upgrade };

    [[nodiscard]] verdict examine(const model_call& call, call_id id) const;
    [[nodiscard]] bool names(const model_call& call, const std::string& key) const;
    model_hold* own_hold(const std::string& key, const std::string& owner);
    [[nodiscard]] const model_hold* own_hold(const std::string& key, const std::string& owner) const;
    bool end(const std::string& key, acquisition_number number);
    void settle();
    void grant(call_id id);
    void fail(call_id id, error_code why);
    void expire_due();

    std::size_t max_waiters_;
    colock::time_point now_;
    bool closed_ = false;
    acquisition_number last_ = 0;
    std::vector<model_call> calls_;
    std::map<std::string, std::vector<model_hold>> holds_; // no empty vectors
    std::vector<call_id> pending_;                         // in the order they came
    std::vector<call_id> untold_;                          // in the order they were decided
};

} // namespace colock_test
