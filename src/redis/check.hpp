#pragma once

#include <colock/redis_provider.hpp>

#include <memory>
#include <optional>
#include <string_view>

namespace colock::redis {

/// What a server says of itself that matters to locks; settings that may not be asked are absent.
struct server_facts {
    std::string_view info;                  ///< the answer to INFO
    std::optional<std::string> save;        ///< when it writes snapshots
    std::optional<std::string> appendfsync; ///< how often it forces its log to the disk
};

[[nodiscard]] redis_report judge(const server_facts& facts);

/// Asks the server, and judges.
[[nodiscard]] asio::awaitable<redis_report> check(std::shared_ptr<remote::engine> home);

} // namespace colock::redis
