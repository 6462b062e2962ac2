#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace seat_service {

/// 64 hexadecimal digits.
[[nodiscard]] std::string sha256(std::string_view bytes);

/// Whether two secrets are the same, in a time that does not depend on where they differ, nor on their
/// lengths.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

/// So many random bytes that nobody can guess, as hexadecimal digits.
[[nodiscard]] std::string random_hex(std::size_t bytes);

} // namespace seat_service
