#pragma once

#include "wire_protocol.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>

namespace colock_test {

/// Stands between a client and a server, on a thread of its own, and does what networks do. All functions
/// take effect before they return.
class fault_proxy {
public:
    fault_proxy(std::uint16_t target, const wire_protocol& spoken);
    fault_proxy(const fault_proxy&) = delete;
    fault_proxy& operator=(const fault_proxy&) = delete;
    ~fault_proxy();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// The next `count` requests that contain `text` reach the server and are carried out, but the connection
    /// breaks before their answers.
    void lose_replies(int count, std::string text);
    /// The next `count` requests that contain `text` are lost with the connection.
    void lose_requests(int count, std::string text);
    /// How many of those were lost since the last call of either.
    [[nodiscard]] int lost();

    void drop_notifications(bool drop);
    void delay(std::chrono::milliseconds each_way);
    /// Holds everything back, in both directions; thaw() lets it go on. The connections stay.
    void freeze();
    void thaw();
    void cut(); ///< all connections, now
    /// New connections are closed at once.
    void refuse(bool refuse);
    /// How many connections were made so far.
    [[nodiscard]] int accepted();

private:
    struct link;

    template<class Function>
    auto inside(Function f);
    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> connect(std::shared_ptr<link> between);
    boost::asio::awaitable<void> pass_up(std::shared_ptr<link> between);
    boost::asio::awaitable<void> pass_down(std::shared_ptr<link> between);
    boost::asio::awaitable<void> passage();
    bool is_due(int& count, std::string_view data);

    boost::asio::io_context io_;
    boost::asio::ip::tcp::acceptor acceptor_;
    const std::uint16_t target_;
    const wire_protocol spoken_;
    const std::uint16_t port_;
    std::set<std::shared_ptr<link>> links_;

    int replies_to_lose_ = 0;
    int requests_to_lose_ = 0;
    std::string text_;
    int lost_ = 0;
    bool dropping_notifications_ = false;
    std::chrono::milliseconds delay_{0};
    bool frozen_ = false;
    boost::asio::steady_timer thawing_;
    bool refusing_ = false;
    int accepted_ = 0;
    std::thread thread_;
};

} // namespace colock_test
