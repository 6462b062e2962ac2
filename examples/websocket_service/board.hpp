#pragma once

#include "board_state.hpp"
#include "client.hpp"

#include <colock/grant.hpp>
#include <colock/key_set.hpp>

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seat_service {

/// Who holds what and who waits for what, for people to look at. It decides nothing.
///
/// What is held it learns from the locks' observer, whose events of one key may come in any order when
/// several threads cause them, and from the requests, which know who is behind a token. Holds are told apart
/// by their tokens; whichever news comes first is kept until the rest has come. Who waits, and in which
/// order, it learns from the requests alone.
///
/// Thread-safe.
class board {
public:
    /// `changed` is called when there is something to collect, once until it was collected; it must not call
    /// the board.
    explicit board(std::function<void()> changed);

    // ---- what is held ----

    void on_event(const colock::lock_event& event);

    /// Who holds the keys of a grant, and under which name of a lock (empty: none).
    void note(const colock::grant& held, const identity_ptr& who, const std::string& lock,
              const std::string& owner);
    /// Its end was moved.
    void prolong(const colock::grant& held);
    /// It is over, as far as this server knows.
    void end(const colock::grant& held, colock::lock_event_kind how);

    // ---- who waits ----

    using ticket = std::uint64_t;
    /// A request begins to wait, behind all that have begun before.
    [[nodiscard]] ticket enqueue(const colock::key_set& keys, colock::lock_mode mode, identity_ptr who,
                                 std::weak_ptr<client> whose, std::string request);
    /// It waits no longer; `how` unless it was granted.
    void dequeue(ticket which, colock::lock_event_kind how);
    /// A request that was not to wait found one of the keys held.
    void refuse(const colock::key_set& keys, const identity_ptr& who);

    // ---- what can be seen ----

    struct listing {
        std::vector<key_state> keys;
        bool truncated = false;
    };
    /// At most `limit` of the keys with that prefix, in their order, of which `wanted` is true.
    [[nodiscard]] listing list(std::string_view prefix, std::size_t limit,
                               const std::function<bool(const key_state&)>& wanted) const;

    /// The places of a client's requests.
    using moves = std::vector<std::pair<std::weak_ptr<client>, std::vector<place>>>;
    /// What has changed since the last call.
    [[nodiscard]] std::pair<board_updates, moves> collect();

    /// Forgets what is over and has lacked the rest of its news for too long. To be called now and then.
    void forget_old(colock::time_point now);

    /// Keys that it knows of.
    [[nodiscard]] std::size_t size() const;

private:
    struct hold {
        holder_state what;
        colock::lock_mode mode = colock::lock_mode::exclusive;
        // Which news has come.
        bool granted = false;   ///< from the observer
        bool noted = false;     ///< from its request
        bool confirmed = false; ///< its end, from the observer
        bool ended = false;     ///< as the observer or the service's own clock says
        bool replaced = false;  ///< a later hold excludes it: it has ended, though nobody has said so yet
        colock::lock_event_kind how = colock::lock_event_kind::released; ///< it ended
        colock::duration held_for{};

        [[nodiscard]] bool over() const noexcept { return ended || replaced; }
        /// Nothing more is to be learned of it, but perhaps whose it was.
        [[nodiscard]] bool complete() const noexcept {
            return granted && confirmed && (noted || mode == colock::lock_mode::exclusive);
        }
    };
    struct waiting_request {
        std::vector<std::string> keys;
        colock::lock_mode mode;
        identity_ptr who;
        std::weak_ptr<client> whose;
        std::string request;
        colock::time_point since;
    };
    struct queued {
        waiting_request* who = nullptr;
        std::size_t told_place = 0;
        bool announced = false;
    };
    struct record {
        std::vector<hold> holds;
        std::map<ticket, queued> queue;
        std::vector<key_change> changes;
        bool dirty = false;                 ///< in dirty_
        std::vector<std::uint64_t> unnoted; ///< tokens of holds that are over and lack their note
        colock::time_point unnoted_since{}; ///< the last of them
        std::optional<colock::time_point> lacks_news_since; ///< then it is in limbo_
    };
    using records = std::map<std::string, record, std::less<>>;

    records::value_type& at(std::string_view key);
    static hold& obtain(record& r, std::uint64_t token);
    static void attribute(record& r, std::uint64_t token, const identity_ptr& who);
    static void replace_excluded(record& r);
    static void add_change(record& r, key_change what);
    void finish(records::value_type& r, hold& h, colock::lock_event_kind how, colock::duration held_for);
    void settle(records::value_type& r, std::uint64_t token);
    void touch(records::value_type& r);
    void erase_if_unused(const records::value_type& r);
    void leave_limbo(records::value_type& r);
    [[nodiscard]] static key_state state_of(const records::value_type& r);

    const std::function<void()> changed_;
    mutable std::mutex mutex_;
    records keys_;
    std::map<ticket, waiting_request> requests_;
    ticket last_ticket_ = 0;
    std::vector<records::value_type*> dirty_;
    std::set<std::pair<colock::time_point, records::value_type*>> limbo_; ///< keys of holds that lack news
};

} // namespace seat_service
