#pragma once

#include "helpers.hpp"

namespace abuse {

/// A decent client that keeps asking while others misbehave.
class bystander {
public:
    bystander(asio::io_context& io, const seat_server& server)
        : client_(io.get_executor(), options_for(server)) {}

    /// Books a seat and gives it back, until told to leave.
    asio::awaitable<void> run();
    void leave() { leaving_ = true; }

    [[nodiscard]] std::size_t served() const noexcept { return served_; }
    [[nodiscard]] milliseconds longest() const noexcept { return longest_; } ///< that it waited for an answer

private:
    ws::client client_;
    bool leaving_ = false;
    std::size_t served_ = 0;
    milliseconds longest_{0};
};

/// Does something while a bystander is served all the time, within a second.
void beside_a_bystander(asio::io_context& io, const seat_server& server, asio::awaitable<void> abuse);

} // namespace abuse
