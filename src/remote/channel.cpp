#include "remote/channel.hpp"

#include <algorithm>

namespace colock::remote {
namespace {

reply failure(boost::system::error_code error, std::string text) {
    reply answer;
    answer.error = error;
    answer.text = std::move(text);
    return answer;
}

} // namespace

channel::channel(std::shared_ptr<detail::background> strand, std::shared_ptr<clock_source> clock,
                 channel_settings settings)
    : strand_(std::move(strand)), clock_(std::move(clock)), settings_(settings) {}

channel::~channel() {
    clock_->cancel(*this);
    // Its connection is used on the strand only, also for the last time.
    strand_->post([last = std::move(link_)](const asio::any_io_executor&) {
        if (last)
            last->close();
    });
}

template<class Function>
void channel::on_strand(Function f) {
    strand_->post([weak = weak_from_this(), f = std::move(f)](const asio::any_io_executor&) {
        if (const auto self = weak.lock())
            f(*self);
    });
}

bool channel::is_open() const noexcept {
    const std::lock_guard lock(mutex_);
    return state_ == state::open;
}

std::string channel::trouble() const {
    const std::lock_guard lock(mutex_);
    return state_ == state::open ? std::string() : last_text_;
}

bool channel::submit(const operation_ptr& what, time_point limit) {
    const std::lock_guard lock(mutex_);
    if (shut_)
        return false;
    what->dropped_.store(false, std::memory_order_relaxed);
    what->unanswered = false;
    what->place_ = operation::place::queued;
    what->at_ = queue_.insert(queue_.end(), what);
    if (limit != never)
        limits_.push(*what, limit);
    demand();
    rearm();
    return true;
}

// With the mutex: sees to it that the queue is written.
void channel::demand() {
    if (state_ == state::open) {
        if (!pumping_ && in_flight_ < settings_.most_in_flight) {
            pumping_ = true;
            on_strand([](channel& self) { self.pump(); });
        }
    } else if (state_ == state::idle) {
        start();
    }
}

void channel::start() {
    state_ = state::opening;
    link_limit_ = saturated_add(clock_->now(), settings_.connect_timeout);
    on_strand([](channel& self) {
        {
            const std::lock_guard lock(self.mutex_);
            if (self.state_ != state::opening)
                return;
            ++self.link_number_;
        }
        if (self.link_)
            self.link_->open();
    });
}

void channel::pump() {
    {
        const std::lock_guard lock(mutex_);
        pumping_ = false;
        if (state_ != state::open || !link_)
            return;
        const time_point sent_at = clock_->now();
        std::size_t count = 0;
        auto end = queue_.begin();
        for (; end != queue_.end() && in_flight_ + count < settings_.most_in_flight; ++end) {
            operation& what = **end;
            what.place_ = operation::place::sent;
            what.sent_at = sent_at;
            if (what.tries++ == 0)
                what.first_link = link_number_;
            count += !std::holds_alternative<listen_step>(what.what);
            writing_.push_back(*end);
        }
        sent_.splice(sent_.end(), queue_, queue_.begin(), end);
        note_sent(count, sent_at);
    }
    for (const auto& what : writing_) {
        what->sending(what->unanswered);
        link_->send(what);
    }
    if (!writing_.empty())
        link_->flush();
    writing_.clear();
}

// With the mutex.
void channel::note_sent(std::size_t count, time_point at) {
    if (count == 0)
        return;
    const bool quiet = unanswered_.empty();
    unanswered_.push_back({at, count});
    in_flight_ += count;
    if (quiet)
        rearm();
}

// With the mutex: a sign of life. Backends answer in order, or nearly.
void channel::note_answer() {
    if (unanswered_.empty())
        return;
    if (--unanswered_.front().left == 0)
        unanswered_.pop_front();
    --in_flight_;
    if (!queue_.empty())
        demand();
}

void channel::opened() {
    const std::lock_guard lock(mutex_);
    if (state_ != state::opening)
        return;
    state_ = state::open;
    unanswered_.clear();
    in_flight_ = 0;
    served_ = false;
    link_limit_ = never;
    last_text_.clear();
    demand();
    rearm();
}

// With the mutex: it is in neither list any more.
void channel::finish(operation& what) {
    limits_.erase(what);
    (what.place_ == operation::place::queued ? queue_ : sent_).erase(what.at_);
    what.place_ = operation::place::none;
}

void channel::answered(const operation_ptr& what, reply answer) {
    {
        const std::lock_guard lock(mutex_);
        served_ = true;
        failures_ = 0;
        note_answer();
        if (what->place_ != operation::place::sent)
            return; // dropped, or its limit has passed
        finish(*what);
    }
    what->completed(std::move(answer));
}

bool channel::drop(operation& what) noexcept {
    const std::lock_guard lock(mutex_);
    what.dropped_.store(true, std::memory_order_release);
    if (what.place_ == operation::place::sent)
        on_strand([keep = what.shared_from_this()](channel& self) {
            if (self.link_)
                self.link_->dropped(*keep);
        });
    if (what.place_ != operation::place::none)
        finish(what);
    return what.tries != 0;
}

// What was written but not answered goes first again, in its order.
void channel::broken(boost::system::error_code why, const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (state_ != state::opening && state_ != state::open)
        return;
    last_error_ = why;
    last_text_ = text.empty() ? why.message() : text;
    for (const auto& what : sent_) {
        what->place_ = operation::place::queued;
        what->unanswered = true;
    }
    queue_.splice(queue_.begin(), sent_);
    link_limit_ = never;
    if (queue_.empty()) {
        state_ = state::idle;
    } else if (state_ == state::open && served_) {
        start(); // it was good until now: no need to pause
    } else {
        state_ = state::pausing;
        link_limit_ = saturated_add(clock_->now(), next_pause());
    }
    rearm();
}

duration channel::next_pause() {
    duration pause = settings_.first_pause;
    for (unsigned i = 0; i < failures_ && pause < settings_.longest_pause; ++i)
        pause *= 2;
    pause = std::min(pause, settings_.longest_pause);
    failures_ = std::min(failures_ + 1, 30U);
    std::uniform_int_distribution<duration::rep> jitter(pause.count() / 2, pause.count());
    return duration(jitter(random_));
}

// With the mutex: when the link must have answered what was written first.
time_point channel::answer_limit() const {
    return unanswered_.empty() ? never
                               : saturated_add(unanswered_.front().sent_at, settings_.connect_timeout);
}

// With the mutex.
void channel::rearm() {
    time_point at = std::min(limits_.earliest(), link_limit_);
    if (state_ == state::open && !giving_up_)
        at = std::min(at, answer_limit());
    if (at != never && (at < armed_for_ || armed_for_ == never)) {
        armed_for_ = at;
        clock_->schedule(*this, at);
    }
}

void channel::on_alarm() noexcept {
    const auto self = weak_from_this().lock();
    if (!self)
        return;
    std::vector<operation_ptr> ended;
    std::string text;
    {
        const std::lock_guard lock(mutex_);
        armed_for_ = never;
        const time_point now = clock_->now();
        while (limits_.earliest() <= now) {
            auto& what = static_cast<operation&>(*limits_.top());
            ended.push_back(what.shared_from_this());
            finish(what);
        }
        if (link_limit_ <= now) {
            link_limit_ = never;
            if (state_ == state::pausing) {
                if (queue_.empty())
                    state_ = state::idle;
                else
                    start();
            } else if (state_ == state::opening) {
                give_up_link();
            }
        }
        if (state_ == state::open && !giving_up_ && answer_limit() <= now)
            give_up_link();
        rearm();
        text = state_ == state::open ? "no answer" : last_text_;
    }
    for (const auto& what : ended)
        what->completed(failure(errc::provider_unavailable, text));
}

// With the mutex: it hangs.
void channel::give_up_link() {
    giving_up_ = true;
    on_strand([number = link_number_, was = state_](channel& self) {
        {
            const std::lock_guard lock(self.mutex_);
            self.giving_up_ = false;
            if (self.state_ != was || (was == state::open && self.link_number_ != number))
                return;
        }
        if (self.link_)
            self.link_->close();
        self.broken(errc::provider_unavailable,
                    was == state::open ? "the server does not answer" : "connecting takes too long");
    });
}

void channel::rest() noexcept {
    on_strand([](channel& self) {
        {
            const std::lock_guard lock(self.mutex_);
            if (!self.queue_.empty() || !self.sent_.empty() || self.state_ == state::opening)
                return;
            self.state_ = state::idle;
        }
        if (self.link_)
            self.link_->close();
    });
}

void channel::shut() noexcept {
    std::list<operation_ptr> ended;
    {
        const std::lock_guard lock(mutex_);
        shut_ = true;
        ended.splice(ended.end(), sent_);
        ended.splice(ended.end(), queue_);
        for (const auto& what : ended) {
            limits_.erase(*what);
            what->place_ = operation::place::none;
        }
        state_ = state::idle;
        link_limit_ = never;
    }
    for (const auto& what : ended)
        what->completed(failure(errc::closed, {}));
}

void channel::context_gone() noexcept {
    shut();
    link_.reset();
}

} // namespace colock::remote
