#pragma once

#include "redis/codec.hpp"
#include "redis/scripts.hpp"
#include "remote/operation.hpp"

#include <optional>

namespace colock::redis {

/// The server's clock as far as it can be known here, between when a message was sent and when its answer
/// came. Microseconds since the epoch.
class server_clock {
public:
    void observe(std::int64_t server, time_point sent, time_point received) noexcept;
    [[nodiscard]] std::int64_t at(time_point when) const noexcept;

private:
    std::int64_t ahead_ = 0; // of our clock
};

/// What all commands of a provider need.
struct dialect {
    std::string prefix;  ///< `{namespace}:`
    std::string locks;   ///< the key that names the namespace to the scripts
    std::string process; ///< 16 hexadecimal digits
    std::int64_t max_waiters = 0;

    dialect(const std::string& name_space, std::uint64_t origin, std::size_t max_waiters);
    [[nodiscard]] std::string channel() const { return prefix + process; }
};

/// Appends the command of an operation; `whole`: with the text of its script, because the server does not
/// know it. `link`: the number of the connection it is written to.
void encode(const dialect& with, const remote::operation& what, const server_clock& clock, std::uint64_t link,
            bool observed, bool whole, std::string& out);

/// What the scripts answer besides.
struct side_effects {
    std::vector<std::uint64_t> woken;
    std::vector<std::uint64_t> lost;
    std::vector<remote::key_event> events;
};

/// Understands the answer to an operation; `server_time` is zero where it does not tell. \throws
/// std::runtime_error one that cannot be understood
[[nodiscard]] remote::reply decode(const remote::operation& what, const value& answer,
                                   std::int64_t& server_time, side_effects& besides);

/// A message to this process: the letter, and the numbers after it.
[[nodiscard]] std::vector<std::uint64_t> decode_numbers(std::string_view text);

[[nodiscard]] std::string to_text(const grant_id& id);
[[nodiscard]] grant_id to_id(std::string_view text) noexcept;

} // namespace colock::redis
