#pragma once

#include "client.hpp"
#include "network_stage.hpp"
#include "postgres_server.hpp"

#include <optional>

namespace colock_test {

/// A server for tests that do it no harm.
[[nodiscard]] postgres_server& shared_server();

struct stage_options {
    std::string query = {};                      ///< of the URL, for all providers made here
    bool own_server = false;                     ///< one that the test may stop and kill
    postgres_server_options server_options = {}; ///< of that
    postgres_server* server = nullptr;           ///< or this one
};

/// What a stage has first.
struct postgres_behind_stage {
    explicit postgres_behind_stage(const stage_options& how);

    std::optional<postgres_server> own;
    postgres_server* const server;
};

/// A PostgreSQL, a network in front of it, and a service that reaches it through that.
class stage : postgres_behind_stage, public network_stage {
public:
    using options = stage_options;
    static constexpr auto moment = 25ms;      ///< some times what a call takes
    static constexpr int many_cycles = 3'200; ///< as many as a test has time for
    stage() : stage(options{}) {}
    explicit stage(const options& how);

    /// Of a server that keeps its data.
    [[nodiscard]] static postgres_server_options lasting() { return {}; }
    void crash() { server().shut_down_at_once(); }
    postgres_server& server() { return *postgres_behind_stage::server; }
    /// A connection that looks into the database.
    postgres_client& sql();
    /// Whether nothing is left in the database but rows of free keys, and what goes away by itself.
    [[nodiscard]] bool is_clean();
    /// How many rows of a table are of this stage.
    long long rows(const std::string& table, const std::string& condition = "true");
    /// Runs until the service can be told of things.
    void until_listening();

private:
    std::optional<postgres_client> sql_;
};

/// A URL as the value of an option of another.
[[nodiscard]] std::string encoded(std::string_view url);

/// Which connections are of providers, for postgres_client::terminate().
inline const std::string for_commands = "application_name = 'colock'";
inline const std::string for_notifications = "application_name = 'colock notifications'";
/// Those of them that listen: before, they make settings, and afterwards they are at most asked whether they
/// live.
inline const std::string listening =
    for_notifications + " AND state = 'idle' AND (query LIKE 'LISTEN%' OR query = 'SELECT 1')";

} // namespace colock_test
