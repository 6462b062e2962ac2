#pragma once

#include "settings.hpp"

#include <chrono>
#include <iosfwd>

namespace contention {

/// A line on a terminal that says how far the run has come, and leaves nothing behind.
class progress_line {
public:
    /// Null: shows nothing.
    explicit progress_line(std::ostream* terminal) : terminal_(terminal) {}

    explicit operator bool() const noexcept { return terminal_ != nullptr; }

    /// `elapsed` since the window began, with `operations` done.
    void show(const settings& what, nanoseconds elapsed, std::uint64_t operations);
    void clear();

private:
    std::ostream* terminal_;
};

} // namespace contention
