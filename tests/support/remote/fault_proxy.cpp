#include "fault_proxy.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <future>

namespace colock_test {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

struct fault_proxy::link {
    explicit link(tcp::socket from) : client(std::move(from)), server(client.get_executor()) {}

    void cut() {
        boost::system::error_code ignored;
        client.close(ignored);
        server.close(ignored);
    }

    tcp::socket client;
    tcp::socket server;
    bool listens = false; ///< it gets notifications
    bool doomed = false;  ///< its client gets no more answers
    std::string from_server;
};

fault_proxy::fault_proxy(std::uint16_t target, const wire_protocol& spoken)
    : acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), target_(target), spoken_(spoken),
      port_(acceptor_.local_endpoint().port()), thawing_(io_, asio::steady_timer::time_point::max()) {
    asio::co_spawn(io_, accept(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
}

fault_proxy::~fault_proxy() {
    io_.stop();
    thread_.join();
}

template<class Function>
auto fault_proxy::inside(Function f) {
    std::packaged_task<std::invoke_result_t<Function>()> task(std::move(f));
    auto result = task.get_future();
    // It is the other thread's: this one may go on before it has quite ended there.
    asio::post(io_, [task = std::move(task)]() mutable { task(); });
    return result.get();
}

void fault_proxy::lose_replies(int count, std::string text) {
    inside([&] {
        replies_to_lose_ = count;
        requests_to_lose_ = 0;
        text_ = std::move(text);
        lost_ = 0;
    });
}

void fault_proxy::lose_requests(int count, std::string text) {
    inside([&] {
        requests_to_lose_ = count;
        replies_to_lose_ = 0;
        text_ = std::move(text);
        lost_ = 0;
    });
}

int fault_proxy::lost() {
    return inside([&] { return lost_; });
}

void fault_proxy::drop_notifications(bool drop) {
    inside([&] { dropping_notifications_ = drop; });
}

void fault_proxy::delay(std::chrono::milliseconds each_way) {
    inside([&] { delay_ = each_way; });
}

void fault_proxy::freeze() {
    inside([&] { frozen_ = true; });
}

void fault_proxy::thaw() {
    inside([&] {
        frozen_ = false;
        thawing_.cancel();
    });
}

void fault_proxy::cut() {
    inside([&] {
        for (const auto& each : links_)
            each->cut();
    });
}

void fault_proxy::refuse(bool refuse) {
    inside([&] { refusing_ = refuse; });
}

int fault_proxy::accepted() {
    return inside([&] { return accepted_; });
}

asio::awaitable<void> fault_proxy::accept() {
    for (;;) {
        auto between = std::make_shared<link>(co_await acceptor_.async_accept(asio::use_awaitable));
        if (refusing_)
            continue;
        ++accepted_;
        between->client.set_option(tcp::no_delay(true));
        links_.insert(between);
        asio::co_spawn(io_, connect(between), asio::detached);
    }
}

asio::awaitable<void> fault_proxy::connect(std::shared_ptr<link> between) {
    const tcp::endpoint target(asio::ip::address_v4::loopback(), target_);
    const auto [error] = co_await between->server.async_connect(target, as_result);
    if (error) {
        between->cut();
        links_.erase(between);
        co_return;
    }
    between->server.set_option(tcp::no_delay(true));
    asio::co_spawn(io_, pass_up(between), asio::detached);
    asio::co_spawn(io_, pass_down(between), asio::detached);
}

bool fault_proxy::is_due(int& count, std::string_view data) {
    if (count == 0 || data.find(text_) == std::string_view::npos)
        return false;
    --count;
    ++lost_;
    return true;
}

asio::awaitable<void> fault_proxy::passage() {
    if (delay_ > delay_.zero()) {
        asio::steady_timer timer(io_, delay_);
        co_await timer.async_wait(asio::use_awaitable);
    }
    while (frozen_)
        co_await thawing_.async_wait(as_result);
}

asio::awaitable<void> fault_proxy::pass_up(std::shared_ptr<link> between) {
    std::array<char, 16384> buffer;
    for (;;) {
        const auto [error, size] = co_await between->client.async_read_some(asio::buffer(buffer), as_result);
        if (error)
            break;
        const std::string_view data(buffer.data(), size);
        between->listens = between->listens || data.find(spoken_.listen) != data.npos;
        if (is_due(requests_to_lose_, data)) {
            between->cut();
            break;
        }
        if (is_due(replies_to_lose_, data))
            between->doomed = true;
        co_await passage();
        const auto [failed, written] =
            co_await asio::async_write(between->server, asio::buffer(buffer.data(), size), as_result);
        if (failed)
            break;
    }
    // The server still does what it has been sent, and then ends the connection.
    boost::system::error_code ignored;
    between->server.shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> fault_proxy::pass_down(std::shared_ptr<link> between) {
    std::array<char, 16384> buffer;
    for (;;) {
        const auto [error, size] = co_await between->server.async_read_some(asio::buffer(buffer), as_result);
        if (error)
            break;
        if (between->doomed) {
            boost::system::error_code ignored;
            between->client.close(ignored);
            continue;
        }
        auto& data = between->from_server;
        data.append(buffer.data(), size);
        std::string passing;
        if (between->listens) {
            for (std::size_t length = 0; (length = spoken_.message_length(data)) != 0; data.erase(0, length))
                if (!dropping_notifications_ ||
                    !spoken_.is_notification(std::string_view(data).substr(0, length)))
                    passing.append(data, 0, length);
        } else {
            passing.swap(data);
        }
        co_await passage();
        const auto [failed, written] =
            co_await asio::async_write(between->client, asio::buffer(passing), as_result);
        if (failed)
            break;
    }
    between->cut();
    links_.erase(between);
}

} // namespace colock_test
