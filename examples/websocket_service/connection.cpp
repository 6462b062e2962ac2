// All of Beast's templates are instantiated here.
#include "connection.hpp"

#include "pages.hpp"
#include "session.hpp"
#include "transport.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <spdlog/spdlog.h>

namespace seat_service {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;

constexpr auto request_may_take = std::chrono::seconds(10); // to arrive, and its answer to leave
constexpr auto handshake_may_take = std::chrono::seconds(5);
constexpr std::size_t largest_header = 8 * 1024;
constexpr std::size_t largest_body = 1024; // of a request; none has one
constexpr std::string_view subprotocol = "colock.v1";

using empty_request = http::request<http::string_body>;
using response = http::response<http::string_body>;

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}

class beast_socket final : public web_socket {
public:
    beast_socket(transport stream, const limits& allowed) : ws_(std::move(stream)) {
        ws_.set_option(websocket::stream_base::timeout{
            .handshake_timeout = handshake_may_take,
            .idle_timeout = websocket::stream_base::none(), // the session has its own
            .keep_alive_pings = false});
        ws_.read_message_max(allowed.max_message);
        ws_.auto_fragment(false);
        ws_.text(true);
    }

    asio::awaitable<void> accept(const empty_request& handshake, bool agree) {
        ws_.set_option(websocket::stream_base::decorator([agree](websocket::response_type& answer) {
            answer.set(http::field::server, "colock seat service");
            if (agree)
                answer.set(http::field::sec_websocket_protocol,
                           beast::string_view(subprotocol.data(), subprotocol.size()));
        }));
        co_await ws_.async_accept(handshake, asio::use_awaitable);
    }

    asio::awaitable<message> read() override {
        buffer_.consume(buffer_.size());
        co_await ws_.async_read(buffer_, asio::use_awaitable);
        const auto bytes = buffer_.cdata();
        co_return message{{static_cast<const char*>(bytes.data()), bytes.size()}, ws_.got_text()};
    }

    asio::awaitable<void> write(std::string_view text) override {
        co_await ws_.async_write(asio::buffer(text.data(), text.size()), asio::use_awaitable);
    }

    asio::awaitable<void> ping() override {
        const websocket::ping_data empty;
        co_await ws_.async_ping(empty, asio::use_awaitable);
    }

    asio::awaitable<void> close(close_code code, std::string_view reason) override {
        const websocket::close_reason why(static_cast<websocket::close_code>(code),
                                          beast::string_view(reason.data(), reason.size()));
        co_await ws_.async_close(why, asio::use_awaitable);
    }

    void abort() noexcept override {
        boost::system::error_code ignored;
        beast::get_lowest_layer(ws_).socket().close(ignored);
    }

    [[nodiscard]] std::chrono::steady_clock::time_point last_heard() const noexcept override {
        return ws_.next_layer().last_heard();
    }

private:
    websocket::stream<transport, false> ws_; // uncompressed
    beast::flat_buffer buffer_;
};

/// Whether the list of subprotocols that a client names has ours; a client that names none need not.
bool agrees(std::string_view offered) {
    while (!offered.empty()) {
        const std::size_t comma = std::min(offered.find(','), offered.size());
        std::string_view one = offered.substr(0, comma);
        while (one.starts_with(' '))
            one.remove_prefix(1);
        while (one.ends_with(' '))
            one.remove_suffix(1);
        if (one == subprotocol)
            return true;
        offered.remove_prefix(std::min(comma + 1, offered.size()));
    }
    return false;
}

/// Why a handshake is refused; status 101 if it is not.
http_answer judge_handshake(const empty_request& asked, const service& by) {
    if (!by.doors.admits(view(asked[http::field::origin]), view(asked[http::field::host])))
        return {.status = 403, .body = "pages from there may not connect\n"};
    if (by.is_full())
        return {.status = 503, .body = "the server is full\n"};
    if (const auto offered = view(asked[http::field::sec_websocket_protocol]);
        !offered.empty() && !agrees(offered))
        return {.status = 400, .body = "the subprotocol is colock.v1\n"};
    return {.status = 101};
}

response make_response(const empty_request& asked, http_answer from) {
    response result(static_cast<http::status>(from.status), asked.version());
    result.set(http::field::server, "colock seat service");
    const auto set = [&](auto field, std::string_view value) {
        result.set(field, beast::string_view(value.data(), value.size()));
    };
    set(http::field::content_type, from.media_type);
    set(http::field::cache_control, "no-cache");
    set("X-Content-Type-Options", "nosniff");
    set("Referrer-Policy", "no-referrer");
    set("Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
    if (!from.allow.empty())
        set(http::field::allow, from.allow);
    if (from.status == 401)
        set(http::field::www_authenticate, "Bearer");
    if (from.status == 426)
        set(http::field::upgrade, "websocket");
    if (from.status == 503)
        set(http::field::retry_after, "5");
    result.keep_alive(asked.keep_alive());
    result.body() = std::move(from.body);
    result.prepare_payload();
    if (asked.method() == http::verb::head)
        result.body().clear();
    return result;
}

asio::awaitable<void> serve_web_socket(service& shared, service::strand strand, transport stream,
                                       const empty_request& handshake) {
    beast::get_lowest_layer(stream).expires_never();
    auto socket = std::make_unique<beast_socket>(std::move(stream), shared.options.allowed);
    const bool agree = !handshake[http::field::sec_websocket_protocol].empty();
    co_await socket->accept(handshake, agree);
    std::string shown(bearer_token(view(handshake[http::field::authorization])));
    auto one = std::make_shared<session>(shared, strand, std::move(socket));
    co_await session::run(std::move(one), std::move(shown));
}

asio::awaitable<void> serve_http(service& shared, service::strand strand, transport stream) {
    beast::flat_buffer buffer;
    for (bool goes_on = true; goes_on;) {
        http::request_parser<http::string_body> parser;
        parser.header_limit(largest_header);
        parser.body_limit(largest_body);
        beast::get_lowest_layer(stream).expires_after(request_may_take);
        co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
        const empty_request asked = parser.release();

        http_answer reply;
        if (websocket::is_upgrade(asked) && view(asked.target()) == "/ws")
            reply = judge_handshake(asked, shared);
        else
            reply = answer({.method = view(asked.method_string()),
                            .target = view(asked.target()),
                            .authorization = view(asked[http::field::authorization])},
                           shared);
        if (reply.status == 101) {
            co_await serve_web_socket(shared, strand, std::move(stream), asked);
            co_return;
        }
        response written = make_response(asked, std::move(reply));
        if (shared.is_draining())
            written.keep_alive(false);
        beast::get_lowest_layer(stream).expires_after(request_may_take);
        co_await http::async_write(stream, written, asio::use_awaitable);
        goes_on = written.keep_alive();
    }
    boost::system::error_code ignored;
    beast::get_lowest_layer(stream).socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> serve_tls(service& shared, service::strand strand, transport::tcp tcp,
                                asio::ssl::context& tls) {
    transport::tls stream(std::move(tcp), tls);
    beast::get_lowest_layer(stream).expires_after(request_may_take);
    co_await stream.async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
    transport encrypted(std::move(stream));
    co_await serve_http(shared, strand, std::move(encrypted));
}

} // namespace

asio::awaitable<void> serve_connection(service& shared, service::strand strand, asio::ip::tcp::socket socket,
                                       asio::ssl::context* tls) {
    try {
        boost::system::error_code ignored;
        socket.set_option(asio::ip::tcp::no_delay(true), ignored);
        transport::tcp stream(std::move(socket));
        if (tls) {
            co_await serve_tls(shared, strand, std::move(stream), *tls);
        } else {
            transport plain(std::move(stream));
            co_await serve_http(shared, strand, std::move(plain));
        }
    } catch (const boost::system::system_error& e) {
        spdlog::debug("a connection ended: {}", e.code().message());
    } catch (const std::exception& e) {
        spdlog::error("a connection failed: {}", e.what());
    }
}

} // namespace seat_service
