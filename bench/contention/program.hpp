#pragma once

#include "load.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace contention {

/// The whole program but for main: `arguments` without the program's name; `terminal`: where to show
/// progress, or null. Returns the exit code.
[[nodiscard]] int run_program(const std::vector<std::string>& arguments, const provider_factory& make,
                              std::ostream& out, std::ostream& err, std::ostream* terminal);

} // namespace contention
