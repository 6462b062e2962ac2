#pragma once

#include "session.hpp"

namespace seat_service {

/// Counts a request among those that wait, here and on the board, while it does.
class session::waiting {
public:
    waiting(session& whose, pending& as, const colock::key_set& keys, colock::lock_mode mode,
            milliseconds limit)
        : session_(whose), as_(as), since_(steady_clock::now()), limit_(limit),
          active_(limit > milliseconds(0)) {
        if (!active_)
            return;
        session_.check_wait(limit);
        ticket_ = session_.service_.who_has_what.enqueue(keys, mode, session_.me_, session_.weak_from_this(),
                                                         as.id);
        ++session_.waits_;
        as_.waits = true;
    }
    waiting(const waiting&) = delete;
    waiting& operator=(const waiting&) = delete;
    ~waiting() {
        const bool late = steady_clock::now() - since_ >= limit_;
        end(late ? colock::lock_event_kind::timed_out : colock::lock_event_kind::cancelled);
    }

    void granted() { end(colock::lock_event_kind::granted); }

private:
    void end(colock::lock_event_kind how) {
        if (!std::exchange(active_, false))
            return;
        --session_.waits_;
        as_.waits = false;
        session_.service_.who_has_what.dequeue(ticket_, how);
        std::erase_if(session_.new_places_, [&](const auto& each) { return each.first.first == as_.id; });
    }

    session& session_;
    pending& as_;
    const colock::time_point since_;
    const milliseconds limit_;
    bool active_;
    board::ticket ticket_ = 0;
};

} // namespace seat_service
