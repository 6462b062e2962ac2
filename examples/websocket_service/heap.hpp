#pragma once

#include <cstddef>

namespace seat_service {

/// Bytes that the program has from the allocator; 0 where it does not tell (it is glibc's).
[[nodiscard]] std::size_t heap_in_use() noexcept;

/// Returns to the system what the allocator keeps of memory that was freed.
void return_free_heap() noexcept;

} // namespace seat_service
