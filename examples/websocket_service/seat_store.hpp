#pragma once

#include "identity.hpp"
#include "request.hpp"
#include "seat_names.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace seat_service {

/// What is known of one seat.
struct seat {
    std::size_t number = 0;
    identity_ptr buyer;        ///< null: it is free
    std::string name;          ///< on the ticket
    std::uint64_t version = 0; ///< grows with each change
};

/// The theatre's books. They know nothing of locks but the fencing token that every call shows, and refuse
/// one smaller than the greatest that a seat has seen: who was overtaken cannot write any more, however late
/// it finds out.
///
/// Thread-safe.
class seat_store {
public:
    /// A token of those who take no locks: nobody is refused.
    static constexpr std::uint64_t unchecked = 0;

    struct totals {
        std::size_t sold = 0;        ///< seats
        std::uint64_t conflicts = 0; ///< writes that found a seat changed since they looked
    };

    /// Told of each change, under the store's lock, so in order. It must not call the store.
    using listener = std::function<void(const seat&, const totals&)>;
    explicit seat_store(listener told);

    /// The seats as they are, in the order asked for.
    /// \throws failure stale_token
    [[nodiscard]] std::vector<seat> look(const seat_list& which, std::uint64_t token);

    /// Writes what `seen` became: for each, its buyer and name. All or nothing.
    ///
    /// A seat whose version is not the one that was seen is a conflict, which is counted; those who show a
    /// token are refused then (failure internal, as it must not happen), the unchecked write over it.
    /// \throws failure stale_token
    void write(const std::vector<seat>& seen, std::uint64_t token);

    [[nodiscard]] std::vector<seat> all() const;
    [[nodiscard]] totals count() const;

private:
    struct row {
        seat what;
        std::uint64_t greatest_token = 0;
    };

    void check(std::size_t number, std::uint64_t token);

    const listener told_;
    mutable std::mutex mutex_;
    std::array<row, seat_count> rows_;
    totals totals_;
};

} // namespace seat_service
