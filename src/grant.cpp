#include <colock/grant.hpp>

#include <colock/observer.hpp>

#include <cstdio>

namespace colock {

std::string to_string(const grant_id& id) {
    char text[33];
    std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(id.origin),
                  static_cast<unsigned long long>(id.number));
    return text;
}

std::string_view to_string(lock_event_kind kind) noexcept {
    switch (kind) {
    case lock_event_kind::granted:
        return "granted";
    case lock_event_kind::renewed:
        return "renewed";
    case lock_event_kind::refused:
        return "refused";
    case lock_event_kind::queued:
        return "queued";
    case lock_event_kind::timed_out:
        return "timed_out";
    case lock_event_kind::cancelled:
        return "cancelled";
    case lock_event_kind::released:
        return "released";
    case lock_event_kind::expired:
        return "expired";
    case lock_event_kind::revoked:
        return "revoked";
    }
    return "unknown";
}

} // namespace colock
