#include "seat_server.hpp"

#include "../model/seeds.hpp"

#include <ws_client/http.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <csignal>
#include <cstdlib>
#include <future>
#include <map>
#include <ostream>
#include <sstream>
#include <thread>

namespace abuse {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> command(std::vector<std::string> options) {
    const char* other = std::getenv("COLOCK_SEAT_SERVER"); // another build of it
    std::vector<std::string> all{other ? other : COLOCK_SEAT_SERVER, "--port", "0", "--log-level", "warn"};
    all.insert(all.end(), options.begin(), options.end());
    return all;
}

/// The port of the first address in a line such as "Listening on http://127.0.0.1:8080/".
std::uint16_t port_in(const std::string& line) {
    const std::string before = "127.0.0.1:";
    const std::size_t place = line.find(before);
    if (place == std::string::npos)
        throw std::runtime_error("the server printed \"" + line + "\" instead of its address");
    return static_cast<std::uint16_t>(std::stoul(line.substr(place + before.size())));
}

} // namespace

seat_server::seat_server(std::vector<std::string> options) : process_(command(std::move(options))) {
    const auto line = process_.read_line(20s);
    if (!line)
        throw std::runtime_error("the server did not start");
    port_ = port_in(*line);
}

seat_server::state seat_server::now() const {
    boost::asio::io_context io;
    auto asked = boost::asio::co_spawn(io, look(), boost::asio::use_future);
    io.run();
    return asked.get();
}

std::size_t seat_server::heap_in_use() const {
    boost::asio::io_context io;
    auto asked = boost::asio::co_spawn(io, read_gauges(), boost::asio::use_future);
    io.run();
    return static_cast<std::size_t>(asked.get().at("seat_service_heap_in_use_bytes"));
}

boost::asio::awaitable<seat_server::gauges> seat_server::read_gauges() const {
    const ws::http_response page = co_await ws::http_get(port_, "/metrics");
    if (page.status != 200)
        throw std::runtime_error("/metrics was answered with " + std::to_string(page.status));
    gauges found;
    std::istringstream lines(page.body);
    for (std::string line; std::getline(lines, line);)
        if (const std::size_t space = line.rfind(' ');
            !line.empty() && line[0] != '#' && space != std::string::npos)
            found[line.substr(0, space)] = std::stod(line.substr(space));
    co_return found;
}

boost::asio::awaitable<seat_server::state> seat_server::look() const {
    const gauges found = co_await read_gauges();
    state result;
    result.connections = found.at("seat_service_connections");
    result.held = found.at("seat_service_locks_held");
    result.waiting = found.at("seat_service_lock_queue_depth");
    result.client_locks = found.at("seat_service_client_locks");
    result.sold = found.at("seat_service_seats_sold");
    result.conflicts = found.at("seat_service_conflicts");
    co_return result;
}

std::optional<int> seat_server::stop(milliseconds limit) {
    process_.signal(SIGTERM);
    return process_.wait(limit);
}

void seat_server::pause() {
    std::this_thread::sleep_for(5ms);
}

std::ostream& operator<<(std::ostream& out, const seat_server::state& of) {
    return out << of.connections << " connections, " << of.held << " keys held, " << of.waiting
               << " waiting, " << of.client_locks << " locks of clients, " << of.sold << " seats sold, "
               << of.conflicts << " conflicts";
}

} // namespace abuse
