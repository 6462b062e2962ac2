#pragma once

#include <boost/asio/awaitable.hpp>

#include <colock/postgres_provider.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace colock::postgres {

/// In SQL: the version, and a sentence or nothing for each threat. `long_open`: of transactions.
[[nodiscard]] std::string check_question(std::chrono::seconds long_open);

/// Asks the server what threatens locks.
[[nodiscard]] asio::awaitable<postgres_report> check(std::shared_ptr<remote::engine> home);

} // namespace colock::postgres
