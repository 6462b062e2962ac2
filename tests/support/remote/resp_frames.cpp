#include "resp_frames.hpp"

#include <charconv>

namespace colock_test {

std::size_t resp_frame_length(std::string_view data) {
    const auto line_end = data.find("\r\n");
    if (line_end == std::string_view::npos)
        return 0;
    std::size_t length = line_end + 2;
    long count = 0;
    std::from_chars(data.data() + 1, data.data() + line_end, count);
    if (data[0] == '$' && count >= 0)
        length += static_cast<std::size_t>(count) + 2;
    else if (data[0] == '*')
        for (; count > 0; --count) {
            const std::size_t element = length < data.size() ? resp_frame_length(data.substr(length)) : 0;
            if (element == 0)
                return 0;
            length += element;
        }
    return length <= data.size() ? length : 0;
}

bool is_resp_notification(std::string_view frame) {
    return frame.starts_with("*3\r\n$7\r\nmessage\r\n") || frame.starts_with("*4\r\n$8\r\npmessage\r\n") ||
           frame.starts_with("*3\r\n$8\r\nsmessage\r\n");
}

} // namespace colock_test
