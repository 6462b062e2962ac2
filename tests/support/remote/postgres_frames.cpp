#include "postgres_frames.hpp"

namespace colock_test {

std::size_t postgres_frame_length(std::string_view data) {
    // A letter, and a number of four bytes, which counts itself and what follows.
    if (data.size() < 5)
        return 0;
    std::size_t length = 0;
    for (const char byte : data.substr(1, 4))
        length = length << 8 | static_cast<unsigned char>(byte);
    return length + 1 <= data.size() ? length + 1 : 0;
}

bool is_postgres_notification(std::string_view frame) {
    return frame.starts_with('A');
}

} // namespace colock_test
