#pragma once

#include "remote/engine.hpp"

namespace colock::remote {

/// One step of the engine with its mutex locked. What follows from it, and must not be done under the mutex,
/// is done at its end.
class engine::turn {
public:
    explicit turn(engine& of) : engine_(of), lock_(of.mutex_) {}
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() {
        engine_.look_after();
        engine_.keep_alarm();
        const auto watcher = events_.empty() ? nullptr : engine_.watcher_;
        lock_.unlock();
        if (watcher)
            for (const auto& e : events_)
                watcher->on_event({e.what.kind, e.what.mode, e.what.key, e.what.owner, e.what.token,
                                   e.what.elapsed, e.waiters});
    }

    /// An event of each key of a call.
    void tell(lock_event_kind kind, const operation& call, std::uint64_t token, duration elapsed,
              const std::vector<std::size_t>& waiters = {}) {
        if (!engine_.watcher_)
            return;
        for (std::size_t i = 0; i < call.keys.size(); ++i)
            events_.push_back({{kind, std::string(call.keys[i]), call.owner, token, call.mode, elapsed},
                               i < waiters.size() ? waiters[i] : 0});
    }
    void tell(key_event event) {
        if (engine_.watcher_)
            events_.push_back({std::move(event), 0});
    }

    /// A call that is not decided ends without a grant.
    void give_up(attempt& call, boost::system::error_code error, lock_event_kind kind, std::string why = {}) {
        if (call.was_queued) {
            ++(kind == lock_event_kind::timed_out ? engine_.statistics_.timed_out
                                                  : engine_.statistics_.cancelled);
            tell(kind, call, 0, engine_.clock_->now() - call.began);
        }
        engine_.abandon(call, *this);
        engine_.decide(call, error, *this, std::move(why));
    }

private:
    struct remembered {
        key_event what;
        std::size_t waiters;
    };

    engine& engine_;
    std::unique_lock<std::mutex> lock_;
    std::vector<remembered> events_;
};

} // namespace colock::remote
