#pragma once

#include "agent_process.hpp"
#include "conformance/scene.hpp"
#include "conformance/subjects/registration.hpp"
#include "fault_proxy.hpp"
#include "redis_server.hpp"

#include <colock/colock.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

namespace colock_test {

using colock::errc;
using colock::forever;
using colock::keys;
using colock::conformance::endless;
using colock::conformance::scene;
using colock::conformance::stubborn_job;
using colock::conformance::time;
using namespace std::chrono_literals;

/// A Redis, a network in front of it, and a service that reaches it through that. Tests that do no harm to
/// the server share one.
class stage {
public:
    struct options {
        std::string query = {};                   ///< of the URL, for all providers made here
        bool own_server = false;                  ///< one that the test may stop and kill
        redis_server_options server_options = {}; ///< of that
    };
    stage() : stage(options{}) {}
    explicit stage(options how);

    redis_server& server() { return *server_; }
    /// Straight to the server, for agents and the like.
    [[nodiscard]] std::string url() const { return url_of(server_->port()); }
    /// A service that goes straight to the server.
    [[nodiscard]] std::unique_ptr<colock::locking_service> straight();
    /// Whether nothing is left in Redis but what may stay: the last token, and what goes away by itself.
    [[nodiscard]] bool is_clean();

    /// As scene::until, for what an agent says.
    std::vector<std::string> until_said(agent_process& who, const std::string& call);

private:
    [[nodiscard]] std::string url_of(std::uint16_t port) const;

    const options how_;
    std::optional<redis_server> own_;
    redis_server* const server_;
    const std::string name_space_;

public:
    fault_proxy proxy;

private:
    const colock::conformance::subject who_;

public:
    scene s; ///< its service is connected through the proxy
};

/// Nothing takes longer by more than this, unless the machine is busy: then some tests try again.
inline constexpr auto slack = slowness * 250ms;

} // namespace colock_test
