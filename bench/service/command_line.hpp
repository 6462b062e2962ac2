#pragma once

#include "settings.hpp"

#include <stdexcept>
#include <string>
#include <vector>

namespace service_load {

/// The command line cannot be used; what() says why in one line.
class usage_error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct command {
    settings run;
    std::string help; ///< if not empty, what was asked for instead of a run
};

/// `arguments` without the program's name.
/// \throws usage_error
[[nodiscard]] command parse(std::vector<std::string> arguments);

} // namespace service_load
