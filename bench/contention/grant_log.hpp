#pragma once

#include "key_queue.hpp"

#include <cstdint>
#include <vector>

namespace contention {

/// One key of one grant, as it is kept to be compared with those of other processes. Times are of the same
/// clock in all processes of a machine.
struct logged_grant {
    std::uint64_t token = 0;
    std::uint64_t call = 0; ///< of this process: the keys of a call have the same number
    moment called = 0;
    moment granted = 0;
    moment released = 0; ///< just before it was given back
    moment done = 0;     ///< when that was known to be done
    std::uint32_t key = 0;
    std::uint32_t coroutine = 0;
    lock_mode mode = lock_mode::exclusive;
    bool first = false;   ///< of the keys of its call
    bool counted = false; ///< it ended in the window that is measured
};

using grant_log = std::vector<logged_grant>;

} // namespace contention
