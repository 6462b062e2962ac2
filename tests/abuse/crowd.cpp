// A process full of visitors, to be killed, stopped or ended by a test.
//
//   crowd storm PORT FIRST COUNT SEED LEDGER   all want the same seat, until SIGTERM
//   crowd hold PORT FIRST COUNT                each connection takes a lock of its own and keeps it
//
// `hold` prints "ready" when all have theirs, `storm` at its end what they did.
#include "visitor.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <deque>
#include <exception>
#include <iostream>

namespace {

using namespace abuse;

void rethrow(const std::exception_ptr& error) {
    if (error)
        std::rethrow_exception(error);
}

int storm(std::uint16_t port, unsigned first, unsigned count, std::uint64_t seed, const std::string& file) {
    asio::io_context io(1);
    ledger_writer ledger(file);
    visits counts;
    bool stop = false;
    asio::signal_set signals(io, SIGTERM);
    signals.async_wait([&](boost::system::error_code, int) { stop = true; });
    std::deque<visitor> visitors;
    unsigned left = count;
    for (unsigned i = 0; i < count; ++i) {
        visitor& next = visitors.emplace_back(io.get_executor(), port, first + i, seed, ledger, counts);
        asio::co_spawn(io, next.run(stop), [&](std::exception_ptr error) {
            rethrow(error);
            if (--left == 0)
                signals.cancel();
        });
    }
    io.run();
    std::cout << counts.to_text() << std::endl;
    return 0;
}

asio::awaitable<void> take(ws::client& connection, std::string key, unsigned& left) {
    co_await connection.connect();
    const ws::reply taken = co_await connection.request("acquire", R"("keys":[")" + key + R"("])");
    if (!taken.ok())
        throw std::runtime_error(taken.to_text());
    if (--left == 0)
        std::cout << "ready" << std::endl;
}

int hold(std::uint16_t port, unsigned first, unsigned count) {
    asio::io_context io(1);
    ws::client_options to;
    to.port = port;
    std::deque<ws::client> connections;
    unsigned left = count;
    for (unsigned i = 0; i < count; ++i) {
        ws::client& next = connections.emplace_back(io.get_executor(), to);
        asio::co_spawn(io, take(next, "held/" + std::to_string(first + i), left), rethrow);
    }
    io.run(); // until the last connection has ended
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const auto number = [&](std::size_t place) { return std::stoul(arguments.at(place)); };
    try {
        const auto port = static_cast<std::uint16_t>(number(1));
        const auto first = static_cast<unsigned>(number(2));
        const auto count = static_cast<unsigned>(number(3));
        if (arguments[0] == "storm")
            return storm(port, first, count, number(4), arguments.at(5));
        return hold(port, first, count);
    } catch (const std::exception& error) {
        std::cerr << "crowd: " << error.what() << '\n';
        return 1;
    }
}
