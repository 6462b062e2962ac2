#pragma once

#include "identity.hpp"

#include <colock/clock.hpp>
#include <colock/observer.hpp>
#include <colock/options.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace seat_service {

using std::chrono::steady_clock;

/// One who holds a key.
struct holder_state {
    std::uint64_t token = 0;
    identity_ptr who = {};  ///< null: not a client of this server
    std::string lock = {};  ///< its name; empty: a running request, which has none
    std::string owner = {}; ///< as its identity calls it; empty: the connection
    colock::time_point since;
    colock::time_point until = colock::never;
    colock::duration waited{};
};

/// One who waits for a key.
struct waiting_state {
    identity_ptr who;
    colock::time_point since;
};

/// Something that happened to a key.
struct key_change {
    colock::lock_event_kind kind = colock::lock_event_kind::granted;
    std::uint64_t token = 0; ///< zero where nothing was held
    identity_ptr who;        ///< null: not known
    colock::duration elapsed{};
};

struct key_state {
    std::string key;
    colock::lock_mode mode = colock::lock_mode::exclusive;
    std::vector<holder_state> holders = {};
    std::vector<waiting_state> waiting = {}; ///< in their order
};

struct key_update {
    key_state state;
    std::vector<key_change> changes; ///< the last ones
};

/// What changed since the last time.
using board_updates = std::vector<key_update>;

} // namespace seat_service
