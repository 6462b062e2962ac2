#pragma once

#include "wire_protocol.hpp"

namespace colock_test {

/// The length of the first whole RESP2 value in what a Redis has sent; zero if it is not all there.
[[nodiscard]] std::size_t resp_frame_length(std::string_view data);

/// Whether a value is what a subscriber gets when something was published.
[[nodiscard]] bool is_resp_notification(std::string_view frame);

inline constexpr wire_protocol resp{"SUBSCRIBE", resp_frame_length, is_resp_notification};

} // namespace colock_test
