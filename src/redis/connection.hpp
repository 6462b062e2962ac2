#pragma once

#include "redis/byte_stream.hpp"
#include "redis/protocol.hpp"
#include "remote/channel.hpp"

#include <array>
#include <deque>
#include <optional>

namespace colock::remote {
class engine;
}

namespace colock::redis {

/// Where to connect to instead, if a node of a cluster has said that another has the slot.
struct redirection {
    std::string host;
    std::uint16_t port = 0;
};

/// From `MOVED 1234 host:port`; nothing if it is not that.
[[nodiscard]] std::optional<redirection> to_redirection(std::string_view error);

/// One connection to Redis, for commands or for notifications. It writes what was sent since the last flush
/// in one go, and reads only while there is something to be expected.
class connection final : public remote::link {
public:
    enum class role : unsigned char { commands, notifications };

    connection(role as, asio::any_io_executor strand, std::shared_ptr<const redis_options> options,
               std::shared_ptr<remote::engine> home);
    ~connection() override { close(); }

    void open() override;
    void send(const remote::operation_ptr& what) override;
    void flush() override;
    void dropped(const remote::operation& what) noexcept override;
    void close() noexcept override;

private:
    class session;

    [[nodiscard]] std::shared_ptr<const redis_options> options_for_now() const;

    const role role_;
    const asio::any_io_executor strand_;
    const std::shared_ptr<const redis_options> options_;
    const std::shared_ptr<const dialect> dialect_;
    const std::weak_ptr<remote::engine> home_;
    const std::shared_ptr<std::optional<redirection>> elsewhere_ =
        std::make_shared<std::optional<redirection>>();
    std::shared_ptr<session> session_;
};

} // namespace colock::redis
