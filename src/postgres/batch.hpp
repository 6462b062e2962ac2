#pragma once

#include "postgres/pq.hpp"
#include "remote/operation.hpp"

#include <deque>
#include <vector>

namespace colock::postgres {

/// An operation that is to be sent.
struct entry {
    remote::operation_ptr what;
    unsigned failures = 0; ///< times the server gave up for the sake of others
    bool alone = false;    ///< in a transaction of its own
};

/// Operations that share a transaction, and their answers.
struct batch {
    std::vector<entry> entries;
    std::vector<result_ptr> answers; ///< in the same order
    result_ptr error;                ///< of the first that failed, or of the commit
};

/// What is to be sent next, in one transaction.
///
/// Rows are locked until its end, by other processes' transactions, too. So that they never wait for each
/// other in a circle, all lock them in the order of their keys: those with one key are sorted, and those with
/// several go alone.
[[nodiscard]] batch next_batch(std::deque<entry>& queue, std::size_t most);

} // namespace colock::postgres
