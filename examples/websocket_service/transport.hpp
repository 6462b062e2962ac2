#pragma once

#include "erased_handler.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <utility>
#include <variant>

namespace seat_service {

/// The bytes of a connection, over TCP or TLS: one type for both, so that what Beast makes of it is compiled
/// once. An AsyncStream.
class transport {
public:
    using tcp = boost::beast::tcp_stream;
    using tls = boost::beast::ssl_stream<tcp>;
    using executor_type = tcp::executor_type;
    using next_layer_type = tcp;

    explicit transport(tcp stream) : stream_(std::in_place_type<tcp>, std::move(stream)) {}
    explicit transport(tls stream) : stream_(std::in_place_type<tls>, std::move(stream)) {}

    [[nodiscard]] executor_type get_executor() noexcept { return next_layer().get_executor(); }
    /// The connection below, for its timeouts and its end.
    [[nodiscard]] tcp& next_layer() noexcept {
        auto* const encrypted = std::get_if<tls>(&stream_);
        return encrypted ? encrypted->next_layer() : *std::get_if<tcp>(&stream_);
    }
    [[nodiscard]] const tcp& next_layer() const noexcept {
        return const_cast<transport&>(*this).next_layer();
    }

    /// When bytes came last; the beginning where none has come yet. (Not by Beast's control callback: a close
    /// frame that it is to be told of can come between a close of ours and its read, and then both wait for
    /// ever.)
    [[nodiscard]] std::chrono::steady_clock::time_point last_heard() const noexcept { return heard_; }

    template<class Buffers, class Handler>
    void async_read_some(const Buffers& to, Handler&& handler) {
        read_some(first_of(to), done(std::forward<Handler>(handler), get_executor()));
    }
    template<class Buffers, class Handler>
    void async_write_some(const Buffers& from, Handler&& handler) {
        write_some(some_of(from), done(std::forward<Handler>(handler), get_executor()));
    }

    /// The orderly end of what is below a WebSocket. Found by Beast.
    template<class Handler>
    friend void async_teardown(boost::beast::role_type role, transport& of, Handler&& handler) {
        of.tear_down(role, ended(std::forward<Handler>(handler), of.get_executor()));
    }

private:
    using error_code = boost::system::error_code;
    using done = erased_handler<error_code, std::size_t>;
    using ended = erased_handler<error_code>;
    /// As many of a sequence as one call of the system takes; the caller comes again for the rest.
    using some_buffers = std::array<asio::const_buffer, 4>;

    template<class Buffers>
    static asio::mutable_buffer first_of(const Buffers& all) {
        const auto end = asio::buffer_sequence_end(all);
        for (auto at = asio::buffer_sequence_begin(all); at != end; ++at)
            if (const asio::mutable_buffer one = *at; one.size() > 0)
                return one;
        return {};
    }
    template<class Buffers>
    static some_buffers some_of(const Buffers& all) {
        some_buffers some;
        std::size_t count = 0;
        const auto end = asio::buffer_sequence_end(all);
        for (auto at = asio::buffer_sequence_begin(all); at != end && count < some.size(); ++at)
            if (const asio::const_buffer one = *at; one.size() > 0)
                some[count++] = one;
        return some;
    }

    void read_some(asio::mutable_buffer to, done handler);
    void write_some(const some_buffers& from, done handler);
    void tear_down(boost::beast::role_type role, ended handler);

    std::variant<tcp, tls> stream_;
    std::chrono::steady_clock::time_point heard_ = std::chrono::steady_clock::now();
};

} // namespace seat_service
