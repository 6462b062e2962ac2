#pragma once

#include "report.hpp"

namespace service_load {

/// Connects, visits and reports. What goes wrong on the way is in the report as well.
[[nodiscard]] report run(const settings& what);

} // namespace service_load
