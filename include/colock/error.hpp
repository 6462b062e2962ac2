#pragma once

#include <colock/key_set.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <string>
#include <string_view>

namespace colock {

/// Why a call failed. Cancellation by the caller is not among these: it is
/// `boost::asio::error::operation_aborted`, as everywhere in Asio.
enum class errc {
    invalid_argument = 1, ///< a key, owner, duration, id or URL that cannot be used; nothing was touched
    already_locked,       ///< held by another (or promised to a queued call), and the call was not to wait
    timed_out,            ///< not granted in time, or the job of an `execute` ran past its timeout
    too_many_waiters,     ///< the key's queue is full (`max_waiters`)
    lease_lost,           ///< the lock was lost while it was needed
    closed,               ///< the service or provider has been closed or destroyed
    unknown_provider,     ///< no provider of that id
    provider_unavailable, ///< the provider's backend cannot be reached; says nothing about who holds the lock
};

/// The category of errc. `timed_out`, `invalid_argument` and `closed` compare equal to
/// `std::errc::timed_out`, `invalid_argument` and `operation_canceled`.
[[nodiscard]] const boost::system::error_category& error_category() noexcept;

[[nodiscard]] inline boost::system::error_code make_error_code(errc e) noexcept {
    return {static_cast<int>(e), error_category()};
}

/// What every failing call of colock throws: an error code, the keys it is about, and a text that names them.
class lock_error : public boost::system::system_error {
public:
    /// `what` is the whole text that what() returns.
    lock_error(boost::system::error_code code, const std::string& what, key_set keys = {});

    /// An error of taking the lock: `Failed to acquire lock for key "prod_123": …`.
    [[nodiscard]] static lock_error acquiring(boost::system::error_code code, const key_set& keys);
    /// An error of a job that ran under the lock.
    [[nodiscard]] static lock_error executing(boost::system::error_code code, const key_set& keys);
    /// The lock is no longer held by whom it should be.
    [[nodiscard]] static lock_error lost(const key_set& keys);
    /// Something that cannot be used, and why: `Invalid argument for key "": a key must have 1 to 512 bytes`.
    [[nodiscard]] static lock_error invalid(std::string_view why, const key_set& keys = {});

    /// The keys that the call was about; empty when it was about none.
    [[nodiscard]] const key_set& keys() const noexcept { return keys_; }
    [[nodiscard]] const char* what() const noexcept override { return what_.c_str(); }

private:
    std::string what_;
    key_set keys_;
};

} // namespace colock

template<>
struct boost::system::is_error_code_enum<colock::errc> : std::true_type {};
