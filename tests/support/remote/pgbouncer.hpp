#pragma once

#include "child_process.hpp"
#include "postgres_server.hpp"
#include "temporary_folder.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace colock_test {

/// A pooler in front of a server, which gives each transaction any of a few connections. It ends with the
/// object, and before the server.
class pgbouncer {
public:
    explicit pgbouncer(const postgres_server& behind, int connections = 4);

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string url(std::string_view query = {}) const {
        return postgres_server::url_of(port_, query);
    }

private:
    [[nodiscard]] bool try_start(const postgres_server& behind, int connections);

    temporary_folder folder_;
    std::uint16_t port_ = 0;
    std::optional<child_process> process_;
};

} // namespace colock_test
