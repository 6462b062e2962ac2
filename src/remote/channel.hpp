#pragma once

#include "detail/background.hpp"
#include "remote/operation.hpp"

#include <deque>
#include <functional>
#include <mutex>
#include <random>

namespace colock::remote {

struct channel_settings {
    /// How long a connection may take to open, and an operation to be answered, before the link is given up.
    duration connect_timeout = std::chrono::seconds(2);
    /// The pauses between attempts to connect, each twice as long as the last, and up to a half shorter.
    duration first_pause = std::chrono::milliseconds(20);
    duration longest_pause = std::chrono::seconds(1);
    /// Operations that are written and not yet answered. The others wait here, where a call that gives up
    /// takes its own away; so a slow backend is not given what nobody wants any more, nor unlimited amounts
    /// of it.
    std::size_t most_in_flight = 1024;
};

/// Carries operations over a link. Thread-safe; the link is only used on the strand.
class channel final : public std::enable_shared_from_this<channel>, private alarm {
public:
    channel(std::shared_ptr<detail::background> strand, std::shared_ptr<clock_source> clock,
            channel_settings settings);
    ~channel();

    /// Before anything else.
    void use(std::unique_ptr<link> carrier) { link_ = std::move(carrier); }

    /// Carries it out, until it is answered or `limit` passes (then: provider_unavailable). False: the
    /// channel is shut, and nothing will come of it.
    [[nodiscard]] bool submit(const operation_ptr& what, time_point limit);

    /// Its answer is not wanted any more. False: it has never been written, and will not be.
    bool drop(operation& what) noexcept;

    /// Whether the link is open and answers, as far as is known.
    [[nodiscard]] bool is_open() const noexcept;

    /// Why it is not; empty if that is not known.
    [[nodiscard]] std::string trouble() const;

    /// Ends all operations with `closed`, and takes no more.
    void shut() noexcept;

    /// Closes the link until it is needed again.
    void rest() noexcept;

    /// The context of the link is about to be destroyed.
    void context_gone() noexcept;

    /// The number of the link that is open, or of the next one.
    [[nodiscard]] std::uint64_t link_number() const noexcept { return link_number_; }

    // For the link, on the strand.
    void opened();
    /// Of each operation that was sent but for listen_step, also of one that was dropped meanwhile.
    void answered(const operation_ptr& what, reply answer);
    void broken(boost::system::error_code why, const std::string& text);

private:
    enum class state : unsigned char { idle, opening, open, pausing };

    void on_alarm() noexcept override;
    void rearm();
    void demand();
    void start();
    void pump();
    void give_up_link();
    void finish(operation& what);
    void note_sent(std::size_t count, time_point at);
    void note_answer();
    [[nodiscard]] time_point answer_limit() const;
    [[nodiscard]] duration next_pause();
    template<class Function>
    void on_strand(Function f);

    const std::shared_ptr<detail::background> strand_;
    const std::shared_ptr<clock_source> clock_;
    const channel_settings settings_;
    std::unique_ptr<link> link_; // on the strand

    mutable std::mutex mutex_;
    state state_ = state::idle;
    bool pumping_ = false;
    bool shut_ = false;
    bool giving_up_ = false;
    bool served_ = false; // the link has answered something since it was opened
    std::list<operation_ptr> queue_;
    std::list<operation_ptr> sent_;
    struct batch {
        time_point sent_at;
        std::size_t left;
    };
    std::deque<batch> unanswered_;       // on this link, whether anybody still wants the answer or not
    std::size_t in_flight_ = 0;          // all of those
    std::vector<operation_ptr> writing_; // pump's own
    detail::deadline_heap limits_;
    time_point armed_for_ = never;
    time_point link_limit_ = never; // opening must have succeeded by then; or the pause ends
    unsigned failures_ = 0;
    std::uint64_t link_number_ = 0;
    boost::system::error_code last_error_;
    std::string last_text_;
    std::minstd_rand random_{std::random_device{}()};
};

} // namespace colock::remote
