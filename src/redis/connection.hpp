#pragma once

#include "redis/byte_stream.hpp"
#include "redis/protocol.hpp"
#include "remote/session_link.hpp"

#include <array>
#include <deque>
#include <optional>

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
class connection final : public remote::session_link {
public:
    connection(remote::role as, asio::any_io_executor strand, std::shared_ptr<const redis_options> options,
               const std::shared_ptr<remote::engine>& home);

private:
    class session;

    [[nodiscard]] std::shared_ptr<remote::session> make_session(std::uint64_t number) override;
    [[nodiscard]] std::shared_ptr<const redis_options> options_for_now() const;

    const asio::any_io_executor strand_;
    const std::shared_ptr<const redis_options> options_;
    const std::shared_ptr<const dialect> dialect_;
    const std::shared_ptr<std::optional<redirection>> elsewhere_ =
        std::make_shared<std::optional<redirection>>();
};

} // namespace colock::redis
