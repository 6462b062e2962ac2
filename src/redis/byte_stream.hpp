#pragma once

#include "remote/connecting.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>

#include <colock/redis_provider.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace colock::redis {

namespace asio = boost::asio;

/// A connection to a server: TCP, a Unix socket, or TLS. One read and one write at a time; the handlers run
/// on the executor of the coroutine that connected.
class byte_stream {
public:
    using handler = std::function<void(boost::system::error_code, std::size_t)>;

    virtual ~byte_stream() = default;
    virtual void read_some(asio::mutable_buffer into, handler done) = 0;
    virtual void write(asio::const_buffer what, handler done) = 0;
    /// Ends a read that is pending, with operation_aborted; what arrives later is not lost.
    virtual void cancel() noexcept = 0;
    virtual void close() noexcept = 0;
};

/// Connects as the options say. Throws boost::system::system_error. On the strand.
[[nodiscard]] asio::awaitable<std::unique_ptr<byte_stream>>
connect(std::shared_ptr<const redis_options> options, std::shared_ptr<remote::connecting> progress);

} // namespace colock::redis
