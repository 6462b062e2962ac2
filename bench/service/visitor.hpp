#pragma once

#include "histogram.hpp"
#include "key_check.hpp"
#include "random.hpp"

#include <ws_client/client.hpp>

#include <deque>
#include <map>

namespace service_load {

using moment = std::chrono::steady_clock::time_point;

/// The seats that are visited, and what is known of them. Safe to use on several threads.
class theatre {
public:
    explicit theatre(std::size_t seats);

    struct seat {
        std::string name;
        contention::key_check check; ///< its holder is whom the seat was sold to
    };
    [[nodiscard]] seat& operator[](std::size_t number) { return seats_[number]; }
    [[nodiscard]] std::size_t size() const noexcept { return seats_.size(); }

private:
    std::deque<seat> seats_;
};

/// What is measured counts if it began and ended in it; visitors leave at its end.
struct window {
    moment begin;
    moment end;
};

/// Of the visitors of one thread.
struct tally {
    contention::histogram reserve; ///< that sold a seat
    contention::histogram give_back;
    contention::histogram all;                   ///< answered requests, of any kind
    std::uint64_t sold = 0;                      ///< reservations that found the seat sold
    std::map<std::string, std::uint64_t> errors; ///< other refusals, by code
    // Of the whole run:
    std::uint64_t checked = 0; ///< seats that were sold to one of these visitors
    std::uint64_t double_bookings = 0;
    std::string first_breach;

    void merge(const tally& other);
};

/// Reserves and gives back until the window ends, and leaves no seat behind.
ws::asio::awaitable<void> visit(ws::client& connection, theatre& seats, contention::random_source random,
                                window when, tally& counts);

} // namespace service_load
