#pragma once

#include "remote/engine.hpp"

#include <string_view>

// The options that all providers outside the process have.

namespace colock::remote {

/// \throws lock_error invalid_argument: `the <backend> option "<option>" <why>`
[[noreturn]] void refuse_option(std::string_view backend, std::string_view option, std::string_view why);

/// Checked. \throws lock_error invalid_argument
[[nodiscard]] engine_settings settings_of(std::string_view backend, duration connect_timeout, duration lease);

} // namespace colock::remote
