#pragma once

#include "network_stage.hpp"

namespace colock_test {

/// A service that a URL leads to somewhere.
struct client {
    explicit client(const std::string& url);

    /// Checks that calls fail in time as a backend that cannot be reached, and gives the text.
    std::string check_unavailable(colock::duration limit);

    colock::conformance::subject who;
};

[[nodiscard]] bool contains(const std::string& text, std::string_view part);

} // namespace colock_test
