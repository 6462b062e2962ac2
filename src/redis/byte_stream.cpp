#include "redis/byte_stream.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace colock::redis {
namespace {

using tcp = asio::ip::tcp;
using local = asio::local::stream_protocol;

template<class Stream>
class basic_byte_stream final : public byte_stream {
public:
    template<class... Arguments>
    explicit basic_byte_stream(Arguments&&... arguments) : stream(std::forward<Arguments>(arguments)...) {}

    void read_some(asio::mutable_buffer into, handler done) override {
        stream.async_read_some(into, std::move(done));
    }
    void write(asio::const_buffer what, handler done) override {
        asio::async_write(stream, what, std::move(done));
    }
    void cancel() noexcept override {
        boost::system::error_code ignored;
        stream.lowest_layer().cancel(ignored);
    }
    void close() noexcept override {
        boost::system::error_code ignored;
        stream.lowest_layer().close(ignored);
    }

    Stream stream;
};

/// TLS with its context, which must outlive the stream.
struct tls_stream {
    using lowest_layer_type = tcp::socket::lowest_layer_type;
    using executor_type = tcp::socket::executor_type;

    tls_stream(std::unique_ptr<asio::ssl::context> context, tcp::socket&& socket)
        : context(std::move(context)), stream(std::move(socket), *this->context) {}

    template<class... Arguments>
    void async_read_some(Arguments&&... arguments) {
        stream.async_read_some(std::forward<Arguments>(arguments)...);
    }
    template<class... Arguments>
    void async_write_some(Arguments&&... arguments) {
        stream.async_write_some(std::forward<Arguments>(arguments)...);
    }
    lowest_layer_type& lowest_layer() { return stream.lowest_layer(); }
    executor_type get_executor() { return stream.get_executor(); }

    std::unique_ptr<asio::ssl::context> context;
    asio::ssl::stream<tcp::socket> stream;
};

std::unique_ptr<asio::ssl::context> make_context(const redis_options& options) {
    auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
    context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                         asio::ssl::context::no_tlsv1_1);
    if (options.tls_ca_file.empty())
        context->set_default_verify_paths();
    else
        context->load_verify_file(options.tls_ca_file);
    if (!options.tls_cert_file.empty())
        context->use_certificate_chain_file(options.tls_cert_file);
    if (!options.tls_key_file.empty())
        context->use_private_key_file(options.tls_key_file, asio::ssl::context::pem);
    return context;
}

using stream_ptr = std::unique_ptr<byte_stream>;

using remote::connecting;

void prepare(tcp::socket& socket) {
    socket.set_option(tcp::no_delay(true));
    socket.set_option(asio::socket_base::keep_alive(true));
}

asio::awaitable<stream_ptr> connect_local(std::shared_ptr<const redis_options> options,
                                          std::shared_ptr<connecting> progress) {
    const auto executor = co_await asio::this_coro::executor;
    auto made = std::make_unique<basic_byte_stream<local::socket>>(executor);
    const local::endpoint path(options->unix_socket);
    const connecting::step stopping(*progress, [raw = made.get()] { raw->close(); });
    co_await made->stream.async_connect(path, asio::use_awaitable);
    co_return made;
}

asio::awaitable<stream_ptr> connect_tcp(std::shared_ptr<const redis_options> options,
                                        std::shared_ptr<connecting> progress) {
    const auto executor = co_await asio::this_coro::executor;
    tcp::resolver resolver(executor);
    tcp::socket socket(executor);
    byte_stream* secured = nullptr;
    const connecting::step stopping(*progress, [&] {
        resolver.cancel();
        boost::system::error_code ignored;
        socket.close(ignored);
        if (secured)
            secured->close();
    });
    const auto found =
        co_await resolver.async_resolve(options->host, std::to_string(options->port), asio::use_awaitable);
    if (progress->stopped())
        throw boost::system::system_error(asio::error::operation_aborted);
    co_await asio::async_connect(socket, found, asio::use_awaitable);
    prepare(socket);
    if (!options->tls)
        co_return std::make_unique<basic_byte_stream<tcp::socket>>(std::move(socket));
    auto made = std::make_unique<basic_byte_stream<tls_stream>>(make_context(*options), std::move(socket));
    secured = made.get();
    auto& stream = made->stream.stream;
    const std::string& name = options->tls_name.empty() ? options->host : options->tls_name;
    SSL_set_tlsext_host_name(stream.native_handle(), name.c_str());
    if (options->tls_verify) {
        stream.set_verify_mode(asio::ssl::verify_peer);
        stream.set_verify_callback(asio::ssl::host_name_verification(name));
    } else {
        stream.set_verify_mode(asio::ssl::verify_none);
    }
    co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
    co_return made;
}

} // namespace

asio::awaitable<stream_ptr> connect(std::shared_ptr<const redis_options> options,
                                    std::shared_ptr<connecting> progress) {
    if (options->unix_socket.empty())
        return connect_tcp(std::move(options), std::move(progress));
    return connect_local(std::move(options), std::move(progress));
}

} // namespace colock::redis
