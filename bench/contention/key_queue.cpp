#include "key_queue.hpp"

#include <algorithm>

namespace contention {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;

// A reader may pass readers that were granted with it and have not resumed; that walk must not become long.
constexpr int longest_walk = 64;

} // namespace

void key_queue::join(place& p) noexcept {
    const std::lock_guard guard(mutex_);
    p.before = last_;
    p.after = nullptr;
    (last_ ? last_->after : first_) = &p;
    last_ = &p;
}

key_queue::granted key_queue::take(place& p, moment now, bool counts) noexcept {
    const waiting_call& mine = *p.of;
    const bool exclusive = mine.mode() == lock_mode::exclusive;
    granted result;
    result.released = written_.load(relaxed);
    if (exclusive)
        result.released = std::max(result.released, read_.load(relaxed));

    const std::lock_guard guard(mutex_);
    int steps = 0;
    for (const place* other = first_; other != &p && steps < longest_walk; other = other->after, ++steps) {
        waiting_call& theirs = *other->of;
        if (!exclusive && theirs.mode() == lock_mode::shared)
            continue;
        if (theirs.may_have_ended(now)) {
            result.freed = false; // its departure may have let this call in
        } else if (theirs.queued_at(mine.at())) {
            result.overtook = &theirs;
            if (counts)
                theirs.overtake(); // it cannot end meanwhile: that takes the mutex
            break;
        }
    }
    result.freed = result.freed && gave_up_ < result.released;
    unlink(p);
    return result;
}

void key_queue::give_up(place& p, moment now) noexcept {
    const std::lock_guard guard(mutex_);
    gave_up_ = std::max(gave_up_, now);
    unlink(p);
}

void key_queue::leave(place& p) noexcept {
    const std::lock_guard guard(mutex_);
    unlink(p);
}

void key_queue::release(lock_mode mode, moment now) noexcept {
    if (mode == lock_mode::exclusive)
        return written_.store(now, relaxed);
    moment latest = read_.load(relaxed);
    while (latest < now && !read_.compare_exchange_weak(latest, now, relaxed))
        ;
}

void key_queue::unlink(place& p) noexcept {
    (p.before ? p.before->after : first_) = p.after;
    (p.after ? p.after->before : last_) = p.before;
}

} // namespace contention
