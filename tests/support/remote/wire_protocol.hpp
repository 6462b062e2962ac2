#pragma once

#include <cstddef>
#include <string_view>

namespace colock_test {

/// What a fault_proxy knows of the protocol that passes through it.
struct wire_protocol {
    std::string_view listen; ///< what a client sends before it gets notifications
    /// The length of the first whole message in what a server has sent; zero if it is not all there.
    std::size_t (*message_length)(std::string_view data);
    /// Whether a message is one that the client has not asked for.
    bool (*is_notification)(std::string_view message);
};

} // namespace colock_test
