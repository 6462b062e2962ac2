#include "http.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace ws {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

asio::awaitable<beast::tcp_stream> connected(std::uint16_t port, std::chrono::milliseconds limit) {
    beast::tcp_stream stream(co_await asio::this_coro::executor);
    stream.expires_after(limit);
    const tcp::endpoint server(asio::ip::address_v4::loopback(), port);
    co_await stream.async_connect(server, asio::use_awaitable);
    co_return stream;
}

} // namespace

asio::awaitable<http_response> http_get(std::uint16_t port, std::string target,
                                        std::chrono::milliseconds limit) {
    beast::tcp_stream stream = co_await connected(port, limit);
    http::request<http::empty_body> request(http::verb::get, target, 11);
    request.set(http::field::host, "127.0.0.1:" + std::to_string(port));
    request.set(http::field::connection, "close");
    co_await http::async_write(stream, request, asio::use_awaitable);
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(64 << 20);
    co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
    http_response result;
    result.status = parser.get().result_int();
    result.content_type = std::string(parser.get()[http::field::content_type]);
    result.body = std::move(parser.get().body());
    co_return result;
}

asio::awaitable<tcp_outcome> tcp_exchange(std::uint16_t port, std::string bytes,
                                          std::chrono::milliseconds limit) {
    beast::tcp_stream stream = co_await connected(port, limit);
    tcp_outcome result;
    boost::system::error_code error;
    // The server may close before it has read all: what it said until then still counts.
    co_await asio::async_write(stream, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
    char part[4096];
    for (error.clear();;) {
        const std::size_t size = co_await stream.async_read_some(
            asio::buffer(part), asio::redirect_error(asio::use_awaitable, error));
        result.received.append(part, size);
        if (error)
            break;
    }
    result.closed = error != beast::error::timeout;
    co_return result;
}

} // namespace ws
