#include "heap.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace seat_service {

#ifdef __GLIBC__
std::size_t heap_in_use() noexcept {
    const struct mallinfo2 all = mallinfo2();
    return all.uordblks + all.hblkhd;
}

void return_free_heap() noexcept {
    malloc_trim(0);
}
#else
std::size_t heap_in_use() noexcept {
    return 0;
}

void return_free_heap() noexcept {}
#endif

} // namespace seat_service
