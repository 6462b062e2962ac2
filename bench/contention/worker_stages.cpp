// What a worker measures and checks at each stage of a call. What it measures by is its own; what it checks
// is the key's.
#include "worker.hpp"

namespace contention {

using colock::errc;

void worker::call() {
    const moment at = now();
    recorder& here = recorder::here();
    here.trace.moved_on(at);

    newest_token_ = own_token_;
    const nanoseconds wait = in_.what.wait;
    const bool limited = wait.count() < std::numeric_limits<moment>::max() - at;
    waiting_.begin(at, limited ? at + wait.count() : std::numeric_limits<moment>::max(), mode_);
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
        newest_token_ = std::max(newest_token_, in_.check(chosen_[i]).greatest_token());
        in_.queue(chosen_[i]).join(places_[i]);
    }
    queued_ = true;
    here.trace.called(waiting_);
}

void worker::granted(std::uint64_t token) {
    granted_at_ = now();
    recorder::here().trace.moved_on(granted_at_);
    ++counts_.grants;
    queued_ = false;

    bool may_count = in_.now_in() == phase::measuring; // once a call, whatever the number of its keys
    bool freed = true;
    moment freed_at = 0;
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
        const breach wrong = in_.check(chosen_[i]).enter(mode_, token, newest_token_);
        if (wrong)
            in_.found(wrong, chosen_[i]);
        const key_queue::granted how = in_.queue(chosen_[i]).take(places_[i], granted_at_, may_count);
        may_count = may_count && !how.overtook;
        freed = freed && how.freed;
        freed_at = std::max(freed_at, how.released); // the last of its keys to become free let it in
    }
    hand_off_ = freed && freed_at > waiting_.at() ? granted_at_ - freed_at : -1;
    own_token_ = token;
    counts_.inversions += waiting_.overtaken();
}

void worker::before_release() {
    const moment at = in_.what.hold.suspends() ? now() : granted_at_;
    released_at_ = at;
    for (const std::size_t key : chosen_) {
        in_.check(key).leave(mode_);
        in_.queue(key).release(mode_, at);
    }
}

void worker::released(bool was_held) {
    const moment at = now();
    if (!was_held && in_.now_in() != phase::stopping) // close() may take it at the end
        in_.failed("the lock of \"" + in_.name(chosen_.front()) + "\" was lost while it was held");
    if (in_.what.processes > 1)
        log_grant(at);
    if (!counts_now()) {
        note_unfinished(granted_at_);
        return;
    }
    ++counts_.operations;
    recorder& here = recorder::here();
    here.count_operation();
    here.wait.record(granted_at_ - waiting_.at());
    here.hold.record(at - granted_at_);
    if (hand_off_ >= 0)
        here.hand_off.record(hand_off_);
}

void worker::log_grant(moment done) {
    constexpr std::uint64_t most = 20'000'000; // of each process: more than a gigabyte
    if (log_.size() >= most / in_.what.coroutines)
        return in_.failed("too many grants to be compared afterwards: make the run shorter");
    for (std::size_t i = 0; i < chosen_.size(); ++i)
        log_.push_back({.token = own_token_,
                        .called = waiting_.at(),
                        .granted = granted_at_,
                        .released = released_at_,
                        .done = done,
                        .key = static_cast<std::uint32_t>(chosen_[i]),
                        .coroutine = static_cast<std::uint32_t>(number_),
                        .mode = mode_,
                        .first = i == 0,
                        .counted = counts_now()});
}

void worker::refused(const colock::lock_error& error) {
    const moment at = now();
    refused_ = true;
    if (!queued_) { // an execute that was granted, and lost its lock
        if (in_.now_in() != phase::stopping)
            in_.failed(error.what());
        return;
    }
    queued_ = false;
    const bool timed_out = error.code() == errc::timed_out;
    const bool at_once = error.code() == errc::already_locked || error.code() == errc::too_many_waiters;
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
        key_queue& queue = in_.queue(chosen_[i]);
        at_once ? queue.leave(places_[i]) : queue.give_up(places_[i], at);
    }
    if (!at_once)
        counts_.inversions += waiting_.overtaken();
    if (!timed_out && !at_once && (error.code() != errc::closed || in_.now_in() != phase::stopping))
        in_.failed(error.what());
    else if (counts_now() && (timed_out || at_once))
        ++(timed_out ? counts_.timeouts : counts_.refusals);
    else
        note_unfinished(at);
}

void worker::note_unfinished(moment ended) {
    if (in_.now_in() != phase::stopping)
        return;
    const moment end = in_.window_end();
    if (waiting_.at() >= end || ended <= end)
        return;
    ++counts_.unfinished;
    counts_.unfinished_wait = end - waiting_.at();
}

} // namespace contention
