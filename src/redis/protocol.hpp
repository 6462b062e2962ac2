#pragma once

#include "redis/codec.hpp"
#include "redis/scripts.hpp"
#include "remote/notice.hpp"
#include "remote/server_time.hpp"

#include <optional>

namespace colock::redis {

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
void encode(const dialect& with, const remote::operation& what, const remote::server_clock& clock,
            std::uint64_t link, bool observed, bool whole, std::string& out);

/// Understands the answer to an operation; `server_time` is zero where it does not tell. \throws
/// std::runtime_error one that cannot be understood
[[nodiscard]] remote::reply decode(const remote::operation& what, const value& answer,
                                   std::int64_t& server_time, remote::side_effects& besides);

[[nodiscard]] std::string to_text(const grant_id& id);
[[nodiscard]] grant_id to_id(std::string_view text) noexcept;

} // namespace colock::redis
