#pragma once

#include "board_state.hpp"
#include "seat_store.hpp"

#include <memory>
#include <string>
#include <vector>

namespace seat_service {

/// Where a waiting request stands.
struct place {
    std::string request; ///< its id, as it is written in JSON
    std::string key;
    std::size_t place = 0; ///< 1 is next
    std::size_t waiters = 0;
};

/// Why a lock ended without a release.
enum class lost_why : unsigned char { expired, revoked };

/// How the rest of the server reaches a connection. Thread-safe; nothing waits for anything.
class client {
public:
    virtual ~client() = default;

    virtual void lost(std::string lock, std::vector<std::string> keys, lost_why why) = 0;
    virtual void moved(std::vector<place> places) = 0;
};

} // namespace seat_service
