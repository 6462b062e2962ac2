#include "helpers.hpp"

#include <cstdio>
#include <iostream>

namespace abuse {

void run(asio::io_context& io, asio::awaitable<void> work) {
    std::vector<asio::awaitable<void>> one;
    one.push_back(std::move(work));
    run_all(io, std::move(one));
}

void run_all(asio::io_context& io, std::vector<asio::awaitable<void>> work) {
    std::exception_ptr failure;
    std::size_t left = work.size();
    for (asio::awaitable<void>& one : work)
        asio::co_spawn(io, std::move(one), [&](const std::exception_ptr& error) {
            if (error && !failure)
                failure = error;
            if (--left == 0)
                io.stop(); // connections that are open would keep it
        });
    io.restart();
    io.run();
    if (failure)
        std::rethrow_exception(failure);
}

asio::awaitable<bool> becomes(const seat_server& server,
                              std::function<bool(const seat_server::state&)> wanted, milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    asio::steady_timer pause(co_await asio::this_coro::executor);
    for (;;) {
        const seat_server::state now = co_await server.look();
        if (wanted(now))
            co_return true;
        if (std::chrono::steady_clock::now() >= end)
            co_return false;
        pause.expires_after(5ms);
        co_await pause.async_wait(asio::use_awaitable);
    }
}

ws::client_options options_for(const seat_server& server) {
    ws::client_options to;
    to.port = server.port();
    to.patience = std::chrono::seconds(20);
    return to;
}

std::string in_mb(std::size_t bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f MB", static_cast<double>(bytes) / (1 << 20));
    return text;
}

std::ostream& figures() {
    return std::cout << "abuse: ";
}

} // namespace abuse
