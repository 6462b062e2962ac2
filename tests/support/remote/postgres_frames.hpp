#pragma once

#include "wire_protocol.hpp"

namespace colock_test {

/// The length of the first whole message in what a PostgreSQL has sent, after the answer to a request for
/// TLS; zero if it is not all there.
[[nodiscard]] std::size_t postgres_frame_length(std::string_view data);

/// Whether a message is what a listener gets when somebody has notified it.
[[nodiscard]] bool is_postgres_notification(std::string_view frame);

inline constexpr wire_protocol postgres_wire{"LISTEN", postgres_frame_length, is_postgres_notification};

} // namespace colock_test
