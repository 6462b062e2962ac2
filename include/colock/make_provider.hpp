#pragma once

#include <colock/provider.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string_view>

namespace colock {

/// Makes a provider from a URL; query parameters set its options:
///
/// | URL | provider | options |
/// |---|---|---|
/// | `memory:` | in-memory | `max_waiters` |
///
/// for example `memory:?max_waiters=1000`.
///
/// \throws lock_error invalid_argument: a bad URL, an unknown scheme or option, a bad value, or a backend
/// that was not built; the text says which.
[[nodiscard]] std::unique_ptr<provider> make_provider(const asio::any_io_executor& executor,
                                                      std::string_view url);

} // namespace colock
