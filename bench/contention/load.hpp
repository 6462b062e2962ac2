#pragma once

#include "report.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <colock/provider.hpp>

#include <functional>
#include <iosfwd>
#include <memory>

namespace contention {

/// Makes the provider that a run measures.
using provider_factory = std::function<std::unique_ptr<colock::provider>(const boost::asio::any_io_executor&,
                                                                         const std::string& url)>;

/// Runs what the settings say, to its end or until SIGINT or SIGTERM comes (a second one ends the process).
/// `progress`: a terminal to show how it goes, or null.
/// \throws what the factory throws
[[nodiscard]] report run(const settings& what, const provider_factory& make, std::ostream* progress);

} // namespace contention
