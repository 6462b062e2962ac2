#include "remote/session_link.hpp"

#include "remote/engine.hpp"

namespace colock::remote {

void session_link::open() {
    close();
    const auto home = home_.lock();
    if (!home)
        return;
    session_ = make_session(carrier(*home, role_)->link_number());
    session_->open();
}

void session_link::send(const operation_ptr& what) {
    if (session_)
        session_->send(what);
}

void session_link::flush() {
    if (session_)
        session_->flush();
}

void session_link::dropped(const operation& what) noexcept {
    if (session_)
        session_->stop_listening(what);
}

void session_link::close() noexcept {
    if (session_)
        session_->close();
    session_.reset();
}

const std::shared_ptr<channel>& carrier(const engine& home, role as) noexcept {
    return as == role::commands ? home.commands() : home.notifications();
}

} // namespace colock::remote
