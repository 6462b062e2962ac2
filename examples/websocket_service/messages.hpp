#pragma once

#include "board_state.hpp"
#include "client.hpp"
#include "fault.hpp"
#include "limits.hpp"
#include "seat_store.hpp"

#include <colock/grant.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace seat_service {

// What the server says, as PROTOCOL.md has it.

namespace json = boost::json;

[[nodiscard]] std::string response(const std::string& id, const json::object& result);
[[nodiscard]] std::string error_response(const std::string& id, const failure& why);
[[nodiscard]] std::string event(std::string_view name, json::object members);
[[nodiscard]] std::string lost_event(const std::string& lock, const std::vector<std::string>& keys,
                                     lost_why why);

/// Through whose eyes locks and seats are seen.
struct viewer {
    const identity& me;
    bool sees_all; ///< the locks of others as well
    colock::time_point now;

    [[nodiscard]] bool is_me(const identity_ptr& who) const { return who && who->id == me.id; }
    [[nodiscard]] bool sees(const identity_ptr& who) const { return sees_all || is_me(who); }
    /// Whether there is anything to see.
    [[nodiscard]] bool sees(const key_state& state) const;
    [[nodiscard]] bool sees(const key_update& update) const;
};

[[nodiscard]] json::object lock_result(const std::string& name, const colock::grant& held, bool expires,
                                       colock::time_point now);
[[nodiscard]] json::object lock_state(const key_state& state, const viewer& by);
[[nodiscard]] json::object lock_changes(const std::vector<std::int64_t>& watches, const key_update& update,
                                        const viewer& by);
[[nodiscard]] json::object seat_state(const seat& what, const identity& me);
[[nodiscard]] json::object place_state(const place& what);
[[nodiscard]] json::object limits_state(const limits& allowed);
[[nodiscard]] std::string token_text(std::uint64_t token);

} // namespace seat_service
