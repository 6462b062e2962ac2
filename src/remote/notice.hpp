#pragma once

#include "remote/operation.hpp"

#include <string_view>

namespace colock::remote {

/// What backends tell besides answers, in answers.
struct side_effects {
    std::vector<std::uint64_t> woken; ///< calls of this process
    std::vector<std::uint64_t> lost;  ///< leases of this process
    std::vector<key_event> events;

    void pass_on(listener& to);
};

/// The numbers of a message to this process: a letter (`w`: calls that are woken, `l`: leases that are lost),
/// and hexadecimal numbers with spaces between.
[[nodiscard]] std::vector<std::uint64_t> decode_numbers(std::string_view message);

/// Passes such a message on. One that begins with another letter is ignored.
void pass_on(std::string_view message, listener& to);

/// The kind of an event by its name; what is unknown is `revoked`.
[[nodiscard]] lock_event_kind to_event_kind(std::string_view name) noexcept;

} // namespace colock::remote
