#include "secrets.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>
#include <stdexcept>
#include <vector>

namespace seat_service {
namespace {

using digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

digest digest_of(std::string_view bytes) {
    digest result;
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), result.data());
    return result;
}

template<class Bytes>
std::string hex(const Bytes& bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string result;
    for (const unsigned char byte : bytes) {
        result += digits[byte >> 4];
        result += digits[byte & 15];
    }
    return result;
}

} // namespace

std::string sha256(std::string_view bytes) {
    return hex(digest_of(bytes));
}

bool same_secret(std::string_view a, std::string_view b) {
    const digest of_a = digest_of(a);
    const digest of_b = digest_of(b);
    return CRYPTO_memcmp(of_a.data(), of_b.data(), of_a.size()) == 0;
}

std::string random_hex(std::size_t bytes) {
    std::vector<unsigned char> random(bytes);
    if (RAND_bytes(random.data(), static_cast<int>(bytes)) != 1)
        throw std::runtime_error("the system has no random numbers");
    return hex(random);
}

} // namespace seat_service
