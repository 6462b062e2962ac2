#include "remote/hold.hpp"
#include "remote/turn.hpp"

#include <boost/asio/error.hpp>

// Steps that one coroutine waits for, or nobody; and the end of the engine.

namespace colock::remote {

void errand::completed(reply got) {
    home->answered(*this, std::move(got));
}

void errand::cancel() noexcept {
    home->cancel(*this);
}

std::shared_ptr<errand> engine::make_errand(step what, key_set keys) {
    auto made = std::make_shared<errand>(shared_from_this());
    made->what = std::move(what);
    made->keys = std::move(keys);
    made->id = next_id();
    return made;
}

asio::awaitable<reply> engine::carry_out(std::shared_ptr<errand> what) {
    co_await suspend(what->caller, what, [](const std::shared_ptr<errand>& work) {
        engine& home = *work->home;
        home.start(work, saturated_add(home.clock().now(), home.settings_.channel.connect_timeout));
    });
    if (what->abandoned)
        throw boost::system::system_error(asio::error::operation_aborted);
    if (what->answer.error)
        throw lock_error(what->answer.error,
                         what->answer.error.message() +
                             (what->answer.text.empty() ? "" : ": " + what->answer.text),
                         what->keys);
    co_return std::move(what->answer);
}

void engine::start(const std::shared_ptr<errand>& what, time_point limit) {
    attach(what->caller.resume.context(), what->caller.resume);
    {
        turn now(*this);
        enlist(what->caller);
        if (commands_->submit(what, limit))
            return;
    }
    reply closed;
    closed.error = errc::closed;
    what->completed(std::move(closed));
}

void engine::in_background(std::shared_ptr<errand> what, time_point limit) {
    what->background = true;
    (void)commands_->submit(what, limit);
}

void engine::answered(errand& what, reply answer) {
    const auto keep = what.shared_from_this();
    std::exception_ptr unheard;
    {
        turn now(*this);
        const auto* const release = std::get_if<release_step>(&what.what);
        if (!answer.error && (answer.what == verdict::late || answer.what == verdict::spent) &&
            what.tries < 10 &&
            commands_->submit(keep, saturated_add(clock_->now(), settings_.channel.connect_timeout)))
            return;
        if (release)
            statistics_.released += answer.count;
        if (answer.error && answer.error != errc::closed) {
            if (release && release->by_id && !what.background) {
                auto again = make_errand(what.what, what.keys);
                again->id = what.id;
                again->first_link = what.first_link;
                again->background = true;
                (void)commands_->submit(again, saturated_add(clock_->now(), std::chrono::minutes(1)));
            } else if (release && !release->by_id && what.tries != 0) {
                leave(what); // it must not arrive later, when the owner may hold the keys again
            }
            if (what.background || what.abandoned)
                unheard = std::make_exception_ptr(
                    lock_error(answer.error, answer.error.message() + ": " + answer.text, what.keys));
        }
        what.answer = std::move(answer);
        what.done = true;
        resume(what.caller);
        rest_if_idle();
    }
    if (unheard)
        report(unheard);
}

// What gives back goes on; what only asks, or lengthens, nobody needs any more.
void engine::cancel(errand& what) noexcept {
    turn now(*this);
    if (what.done || !what.caller.listed)
        return;
    what.abandoned = true;
    if (std::holds_alternative<extend_step>(what.what) || std::holds_alternative<list_step>(what.what) ||
        std::holds_alternative<question_step>(what.what))
        (void)commands_->drop(what);
    resume(what.caller);
}

void engine::report(const std::exception_ptr& error) const noexcept {
    std::shared_ptr<observer> watcher;
    {
        const std::lock_guard lock(mutex_);
        watcher = watcher_;
    }
    if (watcher)
        watcher->on_error(error);
}

void engine::set_observer(std::shared_ptr<observer> watcher) {
    std::shared_ptr<observer> before;
    const std::lock_guard lock(mutex_);
    observed_ = watcher != nullptr;
    before = std::exchange(watcher_, std::move(watcher));
}

provider_statistics engine::statistics() const {
    const std::lock_guard lock(mutex_);
    return statistics_;
}

void engine::stop() noexcept {
    turn now(*this);
    stopped_ = true;
    std::vector<std::shared_ptr<attempt>> all;
    for (const auto& [number, call] : attempts_)
        all.push_back(call);
    for (const auto& call : all)
        now.give_up(*call, errc::closed, lock_event_kind::cancelled);
}

asio::awaitable<void> engine::close() {
    const auto self = shared_from_this();
    stop();
    std::vector<std::shared_ptr<errand>> releases;
    {
        turn now(*this);
        for (kept_lease* lease : keeper_.all()) {
            releases.push_back(static_cast<remote_hold*>(lease)->make_release());
            statistics_.revoked += lease->keys.size();
            lose(*lease, loss::closed);
        }
    }
    const time_point limit = saturated_add(clock_->now(), settings_.channel.connect_timeout);
    for (const auto& release : releases)
        in_background(release, limit);
    // Answers come in order: when this one has, the others have.
    if (!releases.empty()) {
        const auto last = make_errand(tick_step());
        try {
            (void)co_await carry_out(last);
        } catch (const lock_error&) { // the locks end with their leases
            report(std::current_exception());
        }
    }
    commands_->rest();
    notifications_->rest();
}

} // namespace colock::remote
