#pragma once

#include <boost/asio/awaitable.hpp>

#include <colock/postgres_provider.hpp>

#include <memory>

namespace colock::postgres {

/// Asks the server what threatens locks.
[[nodiscard]] asio::awaitable<postgres_report> check(std::shared_ptr<remote::engine> home);

} // namespace colock::postgres
