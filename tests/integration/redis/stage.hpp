#pragma once

#include "network_stage.hpp"
#include "redis_server.hpp"

#include <optional>

namespace colock_test {

struct stage_options {
    std::string query = {};                   ///< of the URL, for all providers made here
    bool own_server = false;                  ///< one that the test may stop and kill
    redis_server_options server_options = {}; ///< of that
};

/// What a stage has first.
struct redis_behind_stage {
    explicit redis_behind_stage(const stage_options& how);

    std::optional<redis_server> own;
    redis_server* const server;
};

/// A Redis, a network in front of it, and a service that reaches it through that. Tests that do no harm to
/// the server share one.
class stage : redis_behind_stage, public network_stage {
public:
    using options = stage_options;
    static constexpr auto moment = 5ms;        ///< some times what a call takes
    static constexpr int many_cycles = 10'016; ///< as many as a test has time for
    stage() : stage(options{}) {}
    explicit stage(const options& how);

    /// Of a server that keeps its data.
    [[nodiscard]] static redis_server_options lasting() { return {.append_only = true}; }
    void crash() { server().kill(); }
    redis_server& server() { return *redis_behind_stage::server; }
    /// Whether nothing is left in Redis but what may stay: the last token, and what goes away by itself.
    [[nodiscard]] bool is_clean();
    /// Runs until the service can be told of things.
    void until_listening();
};

/// The URL of a server: `redis://<user>127.0.0.1:port<rest>`.
[[nodiscard]] std::string address(const redis_server& server, const std::string& user,
                                  const std::string& rest);

} // namespace colock_test
