#include "remote/server_time.hpp"

#include <algorithm>

namespace colock::remote {
namespace {

std::int64_t since_epoch(time_point at) noexcept {
    return std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
}

} // namespace

void server_clock::observe(std::int64_t server, time_point sent, time_point received) noexcept {
    ahead_ = std::clamp(ahead_, server - since_epoch(received), server - since_epoch(sent));
}

std::int64_t server_clock::at(time_point when) const noexcept {
    return since_epoch(when) + ahead_;
}

} // namespace colock::remote
