#pragma once

#include <cstddef>
#include <string_view>

namespace colock_test {

/// The length of the first whole RESP2 value in what a Redis has sent; zero if it is not all there.
[[nodiscard]] std::size_t resp_frame_length(std::string_view data);

/// Whether a value is what a subscriber gets when something was published.
[[nodiscard]] bool is_notification(std::string_view frame);

} // namespace colock_test
