#pragma once

#include <colock/clock.hpp>
#include <colock/key_set.hpp>
#include <colock/options.hpp>

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace colock {

/// Names one acquisition, among all of all providers and processes. All zero: none.
struct grant_id {
    std::uint64_t origin = 0; ///< random, of the provider object or process that made it
    std::uint64_t number = 0; ///< unique within the origin

    friend auto operator<=>(const grant_id&, const grant_id&) = default;
};

/// 32 hexadecimal digits.
[[nodiscard]] std::string to_string(const grant_id& id);

/// One successful acquisition. A plain value: it may be copied, stored, and outlive the service; it releases
/// nothing by itself (that is what a guard is for).
///
/// Thread safety: distinct objects safe, shared objects safe for reading.
class grant {
public:
    /// An empty grant: of nothing.
    grant() noexcept = default;

    grant(key_set keys, std::string owner, lock_mode mode, grant_id id, std::uint64_t token,
          time_point expires_at, std::uint64_t provider_tag = 0)
        : keys_(std::move(keys)), owner_(std::move(owner)), id_(id), token_(token), expires_at_(expires_at),
          provider_tag_(provider_tag), mode_(mode) {}

    [[nodiscard]] const key_set& keys() const noexcept { return keys_; }
    [[nodiscard]] const std::string& owner() const noexcept { return owner_; }
    [[nodiscard]] lock_mode mode() const noexcept { return mode_; }

    /// Which acquisition this is: an owner that acquires again what it holds gets the same id.
    [[nodiscard]] grant_id id() const noexcept { return id_; }

    /// The fencing token: greater than that of any earlier grant in the provider's namespace. Give it to what
    /// the lock protects, and let that refuse any token smaller than the greatest it has seen.
    [[nodiscard]] std::uint64_t token() const noexcept { return token_; }

    /// When the lock ends by itself, by the clock of the provider (in-memory: `std::chrono::steady_clock`,
    /// unless another was injected); `never` if it does not.
    [[nodiscard]] time_point expires_at() const noexcept { return expires_at_; }

    [[nodiscard]] explicit operator bool() const noexcept { return !keys_.empty(); }

    /// Which of a service's providers gave it; for locking_service.
    [[nodiscard]] std::uint64_t provider_tag() const noexcept { return provider_tag_; }

    /// The same grant with another end; for locking_service.
    [[nodiscard]] grant with_expiry(time_point expires_at) const {
        grant copy = *this;
        copy.expires_at_ = expires_at;
        return copy;
    }

private:
    key_set keys_;
    std::string owner_;
    grant_id id_;
    std::uint64_t token_ = 0;
    time_point expires_at_ = never;
    std::uint64_t provider_tag_ = 0;
    lock_mode mode_ = lock_mode::exclusive;
};

/// One of those who hold a key.
struct holder_info {
    std::string owner; ///< empty: nobody in particular, a guard or an `execute`
    grant_id id;
    std::uint64_t token = 0;
    lock_mode mode = lock_mode::exclusive;
    bool scoped = false;          ///< held by a guard or an `execute`
    duration age{};               ///< how long it has been held
    duration remaining = forever; ///< until it ends by itself; `forever`: it does not
};

/// A key that is held or waited for.
struct lock_info {
    std::string key;
    std::vector<holder_info> holders; ///< several only in shared mode; none: promised to a queued call
    std::size_t waiters = 0;          ///< calls queued for it
};

} // namespace colock
