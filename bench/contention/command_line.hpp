#pragma once

#include "settings.hpp"

#include <stdexcept>
#include <string>
#include <vector>

namespace contention {

/// The command line cannot be used; what() says why in one line and names the option.
class usage_error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// `arguments` without the program's name.
/// \throws usage_error
[[nodiscard]] command parse(std::vector<std::string> arguments);

} // namespace contention
