#pragma once

#include "client.hpp"
#include "messages.hpp"
#include "outbox.hpp"
#include "request.hpp"
#include "service.hpp"
#include "token_bucket.hpp"
#include "web_socket.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace seat_service {

/// One connection: what its client asked for, holds and watches. Everything happens on its strand; each
/// request is a coroutine of its own.
class session final : public client, public std::enable_shared_from_this<session> {
public:
    session(service& shared, service::strand strand, std::unique_ptr<web_socket> socket);
    ~session() override;

    /// Serves the connection until it has ended and nothing of it is left. On the strand.
    /// \param shown the token of the handshake; empty: none was shown
    [[nodiscard]] static asio::awaitable<void> run(std::shared_ptr<session> self, std::string shown);

    // From any thread, and nothing waits for it:
    void lost(std::string lock, std::vector<std::string> keys, lost_why why) override;
    void moved(std::vector<place> places) override;
    void show(std::shared_ptr<const board_updates> updates);
    void show_seat(const seat& what, const seat_store::totals& totals);
    void show_figures(std::shared_ptr<const std::string> figures);
    /// The server stops: nothing new, waits end, running requests may go on for `limit`.
    void drain(milliseconds limit);
    void abort();

private:
    /// A request that is being worked on.
    struct pending {
        std::string id;
        asio::cancellation_signal cancel;
        bool waits = false;           ///< for its turn, and can be abandoned
        bool started = false;         ///< its coroutine runs: a signal reaches it
        fault given_up = fault::none; ///< why it was cancelled

        void give_up(fault why) {
            if (given_up != fault::none)
                return;
            given_up = why;
            if (started)
                cancel.emit(asio::cancellation_type::terminal);
        }
    };
    /// Counts a request among those that wait, here and on the board, while it does.
    class waiting;

    // session.cpp: the connection
    [[nodiscard]] asio::awaitable<void> read_all();
    void send(std::string text);
    void write();
    [[nodiscard]] static asio::awaitable<void> write_all(std::shared_ptr<session> self);
    void close(close_code code, const char* reason);
    [[nodiscard]] static asio::awaitable<void> let_go(std::shared_ptr<session> self);
    void watch_idle();
    [[nodiscard]] static asio::awaitable<void> ping_peer(std::shared_ptr<session> self);
    void await_admission(const std::string& shown);
    void end_requests(fault why);
    [[nodiscard]] asio::awaitable<void> until_quiet();
    [[nodiscard]] asio::awaitable<void> release_held();
    [[nodiscard]] static asio::awaitable<void> drain_and_close(std::shared_ptr<session> self);

    // session_requests.cpp: its requests
    void take(std::string_view text);
    void refuse(const refusal& why, std::size_t operation);
    [[nodiscard]] static asio::awaitable<void> work(std::shared_ptr<session> self, operation what,
                                                    std::shared_ptr<pending> as);
    void check_admission(const operation& what);
    void check_wait(milliseconds wait) const;
    [[nodiscard]] failure explain(const pending& as) const;
    bool admit(const std::string& token);

    [[nodiscard]] asio::awaitable<json::object> handle(hello& what, pending& as);
    [[nodiscard]] asio::awaitable<json::object> handle(abandon& what, pending& as);
    [[nodiscard]] asio::awaitable<json::object> handle(ping& what, pending& as);

    // session_locks.cpp
    [[nodiscard]] asio::awaitable<json::object> handle(acquire& what, pending& as);
    [[nodiscard]] asio::awaitable<json::object> handle(extend& what, pending& as);
    [[nodiscard]] asio::awaitable<json::object> handle(release& what, pending& as);
    [[nodiscard]] asio::awaitable<json::object> handle(release_all& what, pending& as);
    [[nodiscard]] asio::awaitable<held_lock> take_lock(acquire& what, const colock::key_set& keys,
                                                       pending& as);
    [[nodiscard]] static asio::awaitable<void> tell_loss(std::shared_ptr<session> self, std::string name,
                                                         colock::grant held, asio::awaitable<void> lost);
    void check_lock_count(const acquire& what) const;
    [[nodiscard]] std::string owner_key(const std::string& owner) const;

    // session_watch.cpp
    [[nodiscard]] asio::awaitable<json::object> handle(list& what, pending& as);
    [[nodiscard]] asio::awaitable<json::object> handle(watch& what, pending& as);
    [[nodiscard]] asio::awaitable<json::object> handle(unwatch& what, pending& as);
    [[nodiscard]] asio::awaitable<json::object> handle(seats& what, pending& as);
    [[nodiscard]] asio::awaitable<json::object> handle(watch_seats& what, pending& as);
    [[nodiscard]] asio::awaitable<board::listing> states(const std::string& prefix) const;
    [[nodiscard]] asio::awaitable<void> add_foreign(std::vector<key_state>& states,
                                                    const std::string& prefix) const;
    [[nodiscard]] json::array show(const board::listing& found) const;
    [[nodiscard]] json::object all_seats() const;
    [[nodiscard]] viewer eyes() const;
    void flush_events();

    // session_seats.cpp
    [[nodiscard]] asio::awaitable<json::object> handle(reserve& what, pending& as);
    [[nodiscard]] asio::awaitable<json::object> handle(rename& what, pending& as);
    [[nodiscard]] asio::awaitable<json::object> handle(give_back& what, pending& as);
    struct trade;
    [[nodiscard]] asio::awaitable<void> change_seats(const trade& what, std::uint64_t token,
                                                     const std::function<bool()>& lost);
    [[nodiscard]] asio::awaitable<std::uint64_t> trade_seats(const trade& what,
                                                             const std::optional<std::string>& own_lock,
                                                             milliseconds wait, pending& as);
    void check_own(const seat& which) const;

    service& service_;
    const service::strand strand_;
    const std::unique_ptr<web_socket> socket_;
    outbox outbox_;
    connection_id id_ = 0;
    identity_ptr me_;
    bool admitted_ = false; ///< it showed a token, or need not
    bool shown_wrong_token_ = false;
    bool greeted_ = false; ///< it said hello, or something else first
    bool closing_ = false;
    bool dropped_ = false; ///< nobody reads any more what is sent
    bool draining_ = false;
    bool writing_ = false;
    bool pinging_ = false;
    close_code close_code_{};
    const char* close_reason_ = "";

    token_bucket rate_;
    std::unordered_map<std::string, std::shared_ptr<pending>> requests_;
    std::size_t waits_ = 0;
    std::size_t promised_locks_ = 0; ///< that running requests may still add
    asio::steady_timer quiet_;       ///< cancelled when the last request has ended
    asio::steady_timer idle_;
    asio::steady_timer token_due_;
    asio::steady_timer close_due_;

    std::map<std::int64_t, std::string> watches_; ///< prefixes
    std::int64_t last_watch_ = 0;
    bool watches_seats_ = false;

    // Events that wait until the client has read what was sent before: the newest state of each.
    std::map<std::string, key_update> new_states_;
    std::map<std::size_t, seat> new_seats_;
    seat_store::totals seat_totals_;
    std::map<std::pair<std::string, std::string>, place> new_places_; ///< by request and key
    std::shared_ptr<const std::string> new_figures_;
};

} // namespace seat_service
