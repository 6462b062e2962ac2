#include "fault.hpp"

#include <colock/error.hpp>

#include <boost/asio/error.hpp>
#include <spdlog/spdlog.h>

namespace seat_service {
namespace {

fault from(const boost::system::error_code& code) noexcept {
    if (code == boost::asio::error::operation_aborted)
        return fault::cancelled;
    if (code.category() != colock::error_category())
        return fault::internal;
    switch (static_cast<colock::errc>(code.value())) {
    case colock::errc::invalid_argument:
        return fault::invalid_argument;
    case colock::errc::already_locked:
        return fault::already_locked;
    case colock::errc::timed_out:
        return fault::timed_out;
    case colock::errc::too_many_waiters:
        return fault::too_many_waiters;
    case colock::errc::lease_lost:
        return fault::lease_lost;
    case colock::errc::closed:
        return fault::closed;
    case colock::errc::provider_unavailable:
        return fault::provider_unavailable;
    case colock::errc::unknown_provider:
        break;
    }
    return fault::internal;
}

failure internal(const char* what) {
    spdlog::error("a request failed: {}", what);
    return {fault::internal, "a fault of the server"};
}

} // namespace

std::string_view to_string(fault f) noexcept {
    switch (f) {
    case fault::none:
        return "ok";
    case fault::bad_request:
        return "bad_request";
    case fault::duplicate_id:
        return "duplicate_id";
    case fault::unknown_operation:
        return "unknown_operation";
    case fault::permission_denied:
        return "permission_denied";
    case fault::too_many_requests:
        return "too_many_requests";
    case fault::too_many_locks:
        return "too_many_locks";
    case fault::too_many_waits:
        return "too_many_waits";
    case fault::invalid_argument:
        return "invalid_argument";
    case fault::already_locked:
        return "already_locked";
    case fault::timed_out:
        return "timed_out";
    case fault::too_many_waiters:
        return "too_many_waiters";
    case fault::lease_lost:
        return "lease_lost";
    case fault::closed:
        return "closed";
    case fault::provider_unavailable:
        return "provider_unavailable";
    case fault::cancelled:
        return "cancelled";
    case fault::sold:
        return "sold";
    case fault::not_yours:
        return "not_yours";
    case fault::stale_token:
        return "stale_token";
    case fault::internal:
        break;
    }
    return "internal";
}

failure current_failure() {
    try {
        throw;
    } catch (const failure& f) {
        return f;
    } catch (const colock::lock_error& e) {
        const fault code = from(e.code());
        return code == fault::internal ? internal(e.what()) : failure(code, e.what(), e.keys().to_vector());
    } catch (const boost::system::system_error& e) {
        const fault code = from(e.code());
        return code == fault::internal ? internal(e.what()) : failure(code, "given up");
    } catch (const std::exception& e) {
        return internal(e.what());
    }
}

} // namespace seat_service
