#pragma once

#include <colock/options.hpp>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace contention {

using colock::lock_mode;

/// What was wrong with a grant; nothing, as long as all is zero.
struct breach {
    std::uint32_t writers = 0; ///< who held the key exclusively when it was granted to somebody else
    std::uint32_t readers = 0; ///< who shared it when it was granted exclusively
    bool stale_token = false;  ///< the grant's `token` is not greater than that of an `earlier` grant
    std::uint64_t token = 0;
    std::uint64_t earlier = 0;

    [[nodiscard]] bool overlap() const noexcept { return writers != 0 || readers != 0; }
    explicit operator bool() const noexcept { return overlap() || stale_token; }
};

[[nodiscard]] std::string describe(const breach& found, std::string_view key);

/// What one key protects: it sees whether holders overlap and whether tokens grow. Exact under a lock that
/// works; under one that does not, it misses at most what happened at the very same moment.
///
/// Tokens are compared only with grants that were certainly earlier: those of holders that had to go first,
/// and those seen before the call was made. Readers granted together may resume in any order.
///
/// All is relaxed, so that the tool itself orders nothing that the lock should order.
class key_check {
public:
    /// Asked before a call: its token must be greater than this.
    [[nodiscard]] std::uint64_t greatest_token() const noexcept;

    /// A call was granted the key. `seen` is the greatest token that the caller knew of before the call.
    [[nodiscard]] breach enter(lock_mode mode, std::uint64_t token, std::uint64_t seen) noexcept;

    /// It is about to release the key.
    void leave(lock_mode mode) noexcept {
        holders_.fetch_sub(mode == lock_mode::exclusive ? writer : reader, std::memory_order_relaxed);
    }

private:
    static constexpr std::uint64_t reader = 1;
    static constexpr std::uint64_t writer = std::uint64_t(1) << 32;

    std::atomic<std::uint64_t> holders_{0}; // readers below, writers above
    std::atomic<std::uint64_t> writers_token_{0};
    std::atomic<std::uint64_t> readers_token_{0};
};

} // namespace contention
