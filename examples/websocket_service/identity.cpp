#include "identity.hpp"

#include "secrets.hpp"

namespace seat_service {
namespace {

// The first byte of an id keeps the kinds apart.
identity_ptr make(std::string_view name, char kind, std::string digits, std::string_view owner = {}) {
    return std::make_shared<const identity>(
        identity{.name = std::string(name), .id = kind + std::move(digits), .owner = std::string(owner)});
}

} // namespace

identity_ptr identity::of_name(std::string_view name, std::string_view secret) {
    std::string both(name);
    both += '\0'; // a name has no control characters: nothing else gives the same bytes
    both += secret;
    return make(name, 'n', sha256(both));
}

identity_ptr identity::of_owner(std::string_view owner) {
    return make(owner, 'o', sha256(owner), owner);
}

identity_ptr identity::guest() {
    std::string digits = random_hex(32);
    const std::string name = "guest-" + digits.substr(0, 4);
    return make(name, 'g', std::move(digits));
}

} // namespace seat_service
