#pragma once

#include "../model/seeds.hpp"
#include "ledger.hpp"

#include <ws_client/client.hpp>

#include <optional>

namespace abuse {

namespace asio = boost::asio;

/// What the visitors of one process did.
struct visits {
    std::uint64_t connections = 0;
    std::uint64_t answers = 0;
    std::uint64_t locks = 0;
    std::uint64_t drops = 0;      ///< connections that visitors dropped
    std::uint64_t gone_away = 0;  ///< those the server closed with 1001
    std::uint64_t other_ends = 0; ///< those that ended otherwise
    std::uint64_t refused = 0;    ///< handshakes, or no connection at all

    [[nodiscard]] std::string to_text() const;
    static visits parse(const std::string& text);
    visits& operator+=(const visits& other);
};

/// One who wants the seat A1, with everybody else: queues for it, buys it, gives it back, and drops the
/// connection now and then at any point of this. Always comes back under the same name.
class visitor {
public:
    visitor(asio::any_io_executor executor, std::uint16_t port, unsigned number, std::uint64_t seed,
            ledger_writer& ledger, visits& counts);

    /// Until `stop`; returns once the seat is not its own any more, or the server is gone.
    asio::awaitable<void> run(const bool& stop);

private:
    asio::awaitable<bool> arrive();
    asio::awaitable<void> visit();
    asio::awaitable<void> buy_with_lock();
    asio::awaitable<void> buy(std::string members);
    asio::awaitable<void> give_back();
    void hurry(); ///< asks for something, and drops the connection before the answer
    void leave();
    bool expected(const ws::reply& answer);

    const asio::any_io_executor executor_;
    const unsigned number_;
    ws::client_options to_;
    colock_test::random_source random_;
    ledger_writer& ledger_;
    visits& counts_;
    std::optional<ws::client> connection_;
    bool owes_ = true; ///< it may have the seat: of an answer that never came, or of an earlier process
};

} // namespace abuse
