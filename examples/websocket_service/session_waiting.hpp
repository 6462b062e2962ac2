#pragma once

#include "session.hpp"

namespace seat_service {

/// Counts a request among those that wait, here and on the board, until it was granted or goes away.
class session::waiting {
public:
    waiting(session& whose, pending& as, const colock::key_set& keys, colock::lock_mode mode,
            milliseconds limit)
        : session_(whose), as_(as), keys_(keys), since_(steady_clock::now()), limit_(limit) {
        if (limit <= milliseconds(0))
            return;
        session_.check_wait(limit);
        ticket_ = the_board().enqueue(keys, mode, session_.me_, session_.weak_from_this(), as.id);
        ++session_.waits_;
        as_.waits = true;
    }
    waiting(const waiting&) = delete;
    waiting& operator=(const waiting&) = delete;
    ~waiting() {
        if (granted_)
            return;
        const bool late = steady_clock::now() - since_ >= limit_;
        if (ticket_)
            leave(late ? colock::lock_event_kind::timed_out : colock::lock_event_kind::cancelled);
        else
            the_board().refuse(keys_, session_.me_);
    }

    void granted() {
        granted_ = true;
        if (ticket_)
            leave(colock::lock_event_kind::granted);
    }

private:
    [[nodiscard]] board& the_board() { return session_.service_.who_has_what; }

    void leave(colock::lock_event_kind how) {
        --session_.waits_;
        as_.waits = false;
        the_board().dequeue(*ticket_, how);
    }

    session& session_;
    pending& as_;
    const colock::key_set& keys_;
    const colock::time_point since_;
    const milliseconds limit_;
    std::optional<board::ticket> ticket_;
    bool granted_ = false;
};

} // namespace seat_service
