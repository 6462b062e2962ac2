#pragma once

#include <colock/provider.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <optional>

namespace colock_test {

/// What a provider may get wrong, and the suite must find.
enum class fault {
    none,
    excludes_nobody,
    stale_tokens,      ///< the same one always
    barging,           ///< a free key goes to whoever comes by
    polling,           ///< waiters look again now and then
    piecemeal,         ///< keys are taken one by one, and kept when the next is not to be had
    deaf,              ///< takes no notice of cancellation
    leaking,           ///< a cancelled call stays in its queue
    late,              ///< waits longer than it may
    endless_leases,    ///< knows no expiry
    careless_release,  ///< releases a grant by its keys
    forgetful_release, ///< says that nothing was held
    silent_loss,       ///< tells no guard
    unbounded,         ///< queues grow as they like
    open_for_ever,     ///< close refuses nobody
    nosy_list,         ///< lists all, whatever the prefix
};

[[nodiscard]] std::unique_ptr<colock::provider>
make_faulty(fault what, const boost::asio::any_io_executor& executor, std::optional<std::size_t> max_waiters);

} // namespace colock_test
