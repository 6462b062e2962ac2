#pragma once

#include "redis_server.hpp"

#include <cstdint>

namespace redis_bench {

/// What something has cost the server.
struct server_cost {
    double cpu_us = 0;    ///< of its process
    double script_us = 0; ///< as it tells itself: in scripts, by the clock on the wall
    std::uint64_t scripts = 0;
};

/// A private Redis without persistence.
class server {
public:
    server();

    [[nodiscard]] const colock_test::redis_server& process() const noexcept { return process_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return process_.port(); }
    void clear() { client_.command({"FLUSHALL"}); }
    /// A script; gives what it is called.
    std::string load(std::string_view script) {
        return client_.command({"SCRIPT", "LOAD", std::string(script)}).text;
    }

    /// Since it was started.
    [[nodiscard]] server_cost cost();

private:
    colock_test::redis_server process_;
    colock_test::redis_client client_;
    int id_; ///< of its process
};

[[nodiscard]] inline server_cost operator-(const server_cost& a, const server_cost& b) noexcept {
    return {a.cpu_us - b.cpu_us, a.script_us - b.script_us, a.scripts - b.scripts};
}

} // namespace redis_bench
