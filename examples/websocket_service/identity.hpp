#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace seat_service {

/// Who a connection is: what it may call its own. Immutable, so it is shared freely.
struct identity {
    std::string name;  ///< shown to others; anybody may choose the same
    std::string id;    ///< cannot be forged, and is the same whenever the same one comes back; 65 bytes
    std::string owner; ///< the only name of an owner that it may use; empty: any

    /// One that chose a name and has a secret. Others with that name, but not that secret, are others.
    [[nodiscard]] static std::shared_ptr<const identity> of_name(std::string_view name,
                                                                 std::string_view secret);
    /// One that showed the token of an owner.
    [[nodiscard]] static std::shared_ptr<const identity> of_owner(std::string_view owner);
    /// One that said nothing, and will not come back.
    [[nodiscard]] static std::shared_ptr<const identity> guest();

    /// What colock calls this identity's owner of that name.
    [[nodiscard]] std::string owner_key(std::string_view owner_name) const {
        return id + '/' + std::string(owner_name);
    }
    /// The name of this identity's owner behind a name that colock has.
    [[nodiscard]] static std::string_view owner_name(std::string_view owner_key) {
        return owner_key.substr(id_length + 1);
    }

    static constexpr std::size_t id_length = 65;
};

using identity_ptr = std::shared_ptr<const identity>;

} // namespace seat_service
