#pragma once

#include "agent_process.hpp"
#include "conformance/scene.hpp"
#include "conformance/subjects/registration.hpp"
#include "fault_proxy.hpp"
#include "lag.hpp"

#include <colock/colock.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>
#include <memory>
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

/// Nothing that began then takes longer than it should by more than this: 250 ms, and what a machine that is
/// busy with other things has cost since.
[[nodiscard]] inline colock::duration slack(time::time_point begun) {
    return slowness * 250ms + 3 * lag_since(begun);
}

/// A network in front of a server, and a service that reaches it through that.
class network_stage {
public:
    struct backend {
        std::string name;
        std::uint16_t port;
        wire_protocol spoken;
        /// The URL by which the server is reached on a port.
        std::function<std::string(std::uint16_t port, const std::string& query)> url;
        /// How a key looks in a request.
        std::string (*written)(std::string_view key);
    };
    /// `query`: of the URL, for all providers made here.
    network_stage(backend behind, const std::string& query);

    /// Straight to the server, for agents and the like.
    [[nodiscard]] std::string url() const { return url_of(behind_.port); }
    /// A service that goes straight to the server.
    [[nodiscard]] std::unique_ptr<colock::locking_service> straight();
    /// What a request contains that is about a key.
    [[nodiscard]] std::string about(std::string_view key) const { return behind_.written(key); }
    [[nodiscard]] const std::string& name_space() const { return name_space_; }

    /// As scene::until, for what an agent says.
    std::vector<std::string> until_said(agent_process& who, const std::string& call);

private:
    [[nodiscard]] std::string url_of(std::uint16_t port) const;

    const backend behind_;
    const std::string name_space_;
    const std::string query_;

public:
    fault_proxy proxy;

private:
    const colock::conformance::subject who_;

public:
    scene s; ///< its service is connected through the proxy
};

} // namespace colock_test
