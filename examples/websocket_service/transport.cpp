#include "transport.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <memory>

namespace seat_service {
namespace {

constexpr std::size_t most_discarded = 16 * 1024 * 1024;
constexpr auto discarding_may_take = std::chrono::seconds(5);

/// The end of a TCP connection that a close frame was sent on: takes what the peer still sends, until it has
/// read the frame and ends as well. (What Beast has reads once; a socket that is closed with more unread
/// resets the connection, and the peer may never see why it was closed.)
struct ending {
    transport::tcp& tcp;
    erased_handler<boost::system::error_code> handler;
    std::array<char, 8192> discarded{};
    std::size_t left = most_discarded;

    static void go_on(std::unique_ptr<ending> of) {
        transport::tcp& from = of->tcp;
        const auto to = asio::buffer(of->discarded);
        const auto executor = of->handler.get_executor();
        from.async_read_some(
            to, asio::bind_executor(executor, [of = std::move(of)](boost::system::error_code error,
                                                                   std::size_t count) mutable {
                if (error == asio::error::eof)
                    of->handler({});
                else if (error || count >= of->left)
                    of->handler(error ? error : asio::error::message_size);
                else {
                    of->left -= count;
                    go_on(std::move(of));
                }
            }));
    }
};

} // namespace

void transport::read_some(asio::mutable_buffer to, done handler) {
    heard_ = std::chrono::steady_clock::now(); // who reads again has used what came
    std::visit([&](auto& s) { s.async_read_some(to, std::move(handler)); }, stream_);
}

void transport::write_some(const some_buffers& from, done handler) {
    std::visit([&](auto& s) { s.async_write_some(from, std::move(handler)); }, stream_);
}

void transport::tear_down(boost::beast::role_type role, ended handler) {
    if (auto* const encrypted = std::get_if<tls>(&stream_)) {
        async_teardown(role, *encrypted, std::move(handler));
        return;
    }
    tcp& plain = *std::get_if<tcp>(&stream_);
    error_code ignored; // the peer may have gone already
    plain.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    plain.expires_after(discarding_may_take);
    ending::go_on(std::make_unique<ending>(ending{plain, std::move(handler)}));
}

} // namespace seat_service
