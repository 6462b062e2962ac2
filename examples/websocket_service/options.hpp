#pragma once

#include "settings.hpp"

#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace seat_service {

/// A command line that cannot be used; what() is one line that says why.
struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A text to print instead of running.
struct help_text {
    std::string text;
};

/// Reads the command line (without the program's name) and the environment's COLOCK_SERVICE_….
/// \throws usage_error
[[nodiscard]] std::variant<settings, help_text> read_options(std::vector<std::string> arguments);

} // namespace seat_service
