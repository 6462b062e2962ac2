#include "server.hpp"

#include "connection.hpp"
#include "session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

namespace seat_service {
namespace {

using asio::ip::tcp;

constexpr std::size_t connections_beyond = 256; // of HTTP, beside as many WebSockets as are allowed
constexpr auto close_may_take = milliseconds(6'000);

asio::ip::address address_of(const std::string& text) {
    boost::system::error_code error;
    const auto result = asio::ip::make_address(text == "localhost" ? "127.0.0.1" : text, error);
    if (error)
        throw std::runtime_error('"' + text + "\" is not an IP address");
    return result;
}

asio::ssl::context tls_from(const std::string& certificate, const std::string& key) {
    asio::ssl::context result(asio::ssl::context::tls_server);
    result.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1);
    boost::system::error_code error;
    result.use_certificate_chain_file(certificate, error);
    if (error)
        throw std::runtime_error("the certificate \"" + certificate +
                                 "\" cannot be used: " + error.message());
    result.use_private_key_file(key, asio::ssl::context::pem, error);
    if (error)
        throw std::runtime_error("the key \"" + key + "\" cannot be used: " + error.message());
    return result;
}

} // namespace

bool is_loopback_address(const std::string& address) {
    return address_of(address).is_loopback();
}

server::server(asio::io_context& io, settings how)
    : io_(io), service_(io, std::move(how)), strand_(asio::make_strand(io)), acceptor_(strand_),
      ended_(strand_) {
    const settings& options = service_.options;
    if (!options.tls_certificate.empty())
        tls_.emplace(tls_from(options.tls_certificate, options.tls_key));
    listen();
}

void server::listen() {
    const tcp::endpoint at(address_of(service_.options.address), service_.options.port);
    try {
        acceptor_.open(at.protocol());
        acceptor_.set_option(tcp::acceptor::reuse_address(true));
        acceptor_.bind(at);
        acceptor_.listen(4096);
    } catch (const boost::system::system_error& e) {
        throw std::runtime_error("cannot listen on " + service_.options.address + " port " +
                                 std::to_string(at.port()) + ": " + e.code().message());
    }
}

void server::start() {
    asio::co_spawn(strand_, accept_all(), asio::detached);
}

std::uint16_t server::port() const {
    return acceptor_.local_endpoint().port();
}

std::string server::url() const {
    const auto address = acceptor_.local_endpoint().address();
    const std::string host = address.is_v6() ? '[' + address.to_string() + ']' : address.to_string();
    return (tls_ ? "https://" : "http://") + host + ':' + std::to_string(port()) + '/';
}

asio::awaitable<void> server::accept_all() {
    asio::steady_timer pause(strand_);
    boost::system::error_code error;
    while (acceptor_.is_open()) {
        const service::strand strand = asio::make_strand(io_);
        tcp::socket socket(strand);
        co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
        if (!acceptor_.is_open())
            break;
        if (error) { // too many open files, most likely: there may be fewer soon
            spdlog::warn("cannot accept a connection: {}", error.message());
            pause.expires_after(std::chrono::milliseconds(100));
            co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
            continue;
        }
        if (*open_ >= service_.options.allowed.max_connections + connections_beyond)
            continue; // the socket is closed at once
        ++*open_;
        asio::co_spawn(strand, serve_connection(service_, strand, std::move(socket), tls_ ? &*tls_ : nullptr),
                       [open = open_](const std::exception_ptr&) { --*open; });
    }
}

asio::awaitable<void> server::stop() {
    co_await asio::co_spawn(strand_, stop_on_strand(), asio::use_awaitable);
}

asio::awaitable<void> server::stop_on_strand() {
    acceptor_.close();
    service_.begin_drain([this] { asio::post(strand_, [this] { ended_.cancel(); }); });
    co_await await_end(service_.options.drain_time + close_may_take);
    if (service_.connections() > 0) {
        spdlog::warn("{} connections did not end in time", service_.connections());
        service_.for_each_session([](session& each) { each.abort(); });
        co_await await_end(close_may_take);
    }
    service_.stop();
    co_await service_.locks.close();
}

/// Returns when the last connection has ended, or at the limit.
asio::awaitable<void> server::await_end(milliseconds limit) {
    boost::system::error_code cancelled;
    ended_.expires_after(limit);
    if (service_.connections() > 0)
        co_await ended_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

} // namespace seat_service
