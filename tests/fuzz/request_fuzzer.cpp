// Every byte of a stranger reaches the parser of messages first: whatever it is given, it must not crash, and
// what it lets through must keep the limits that the rest relies on.
#include "request.hpp"
#include "seat_names.hpp"

#include <colock/key_set.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

using namespace seat_service;

namespace {

void require(bool holds, const char* what) {
    if (holds)
        return;
    std::fprintf(stderr, "the parser let through: %s\n", what);
    std::abort();
}

void check(const std::vector<std::string>& keys, const limits& allowed) {
    require(!keys.empty() && keys.size() <= allowed.max_keys, "a wrong number of keys");
    for (const std::string& key : keys)
        require(!key.empty() && key.size() <= colock::max_name_length, "a key of a wrong length");
}

void check(const seat_list& seats) {
    require(!seats.empty() && seats.size() <= 8, "a wrong number of seats");
    for (std::size_t i = 0; i < seats.size(); ++i) {
        require(seats[i] < seat_count, "a seat that there is not");
        require(i == 0 || seats[i - 1] < seats[i], "seats out of order");
    }
}

void check(const operation& what, const limits& allowed) {
    if (const auto* taking = std::get_if<acquire>(&what)) {
        check(taking->keys, allowed);
        require(taking->wait >= milliseconds(0), "a negative wait");
        require(!taking->expire || *taking->expire > milliseconds(0), "an expiry that is not positive");
        require(!taking->owner || taking->expire, "an owner's lock that never expires");
    } else if (const auto* longer = std::get_if<extend>(&what)) {
        require(longer->expire > milliseconds(0), "an expiry that is not positive");
    } else if (const auto* buying = std::get_if<reserve>(&what)) {
        check(buying->seats);
    } else if (const auto* naming = std::get_if<seat_service::rename>(&what)) {
        check(naming->seats);
    } else if (const auto* returning = std::get_if<give_back>(&what)) {
        check(returning->seats);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const limits allowed{.max_keys = 4};
    const auto parsed = parse_request({reinterpret_cast<const char*>(data), size}, allowed);
    if (const auto* taken = std::get_if<request>(&parsed)) {
        require(!taken->id.empty(), "a request without an id");
        check(taken->what, allowed);
    } else {
        require(!std::get<refusal>(parsed).message.empty(), "a refusal that does not say why");
    }
    return 0;
}
