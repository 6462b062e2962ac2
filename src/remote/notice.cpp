#include "remote/notice.hpp"

#include <charconv>

namespace colock::remote {

void side_effects::pass_on(listener& to) {
    if (!events.empty())
        to.on_events(std::move(events));
    if (!lost.empty())
        to.on_revoked(lost);
    if (!woken.empty())
        to.on_woken(woken);
}

std::vector<std::uint64_t> decode_numbers(std::string_view message) {
    std::vector<std::uint64_t> result;
    for (std::size_t at = 1; at < message.size();) {
        std::uint64_t n = 0;
        const auto end = std::from_chars(message.data() + at, message.data() + message.size(), n, 16).ptr;
        result.push_back(n);
        at = static_cast<std::size_t>(end - message.data()) + 1;
    }
    return result;
}

void pass_on(std::string_view message, listener& to) {
    if (message.starts_with('w'))
        to.on_woken(decode_numbers(message));
    else if (message.starts_with('l'))
        to.on_revoked(decode_numbers(message));
}

lock_event_kind to_event_kind(std::string_view name) noexcept {
    for (const auto kind : {lock_event_kind::renewed, lock_event_kind::released, lock_event_kind::expired})
        if (name == to_string(kind))
            return kind;
    return lock_event_kind::revoked;
}

} // namespace colock::remote
