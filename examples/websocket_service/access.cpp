#include "access.hpp"

#include "secrets.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace seat_service {
namespace {

bool same_word(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// "example.com:8080" of "https://example.com:8080".
std::string_view host_of(std::string_view origin) {
    const std::size_t scheme = origin.find("://");
    return scheme == std::string_view::npos ? std::string_view() : origin.substr(scheme + 3);
}

bool is_loopback(std::string_view host) {
    const std::size_t port = host.starts_with('[') ? host.find("]") + 1 : host.find(':');
    host = host.substr(0, port);
    return same_word(host, "localhost") || host == "[::1]" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

} // namespace

const credential* access::find(std::string_view token) const {
    const credential* found = nullptr;
    for (const credential& each : credentials_)
        if (same_secret(each.token, token))
            found = &each;
    return found;
}

bool access::admits(std::string_view origin, std::string_view host) const {
    if (origin.empty())
        return true;
    if (!origins_.empty())
        return std::any_of(origins_.begin(), origins_.end(),
                           [&](const std::string& each) { return same_word(each, origin); });
    if (!same_word(host_of(origin), host))
        return false;
    return !loopback_only_ || asks_for_token() || is_loopback(host);
}

std::string_view bearer_token(std::string_view authorization) {
    constexpr std::string_view scheme = "Bearer ";
    if (!same_word(authorization.substr(0, scheme.size()), scheme))
        return {};
    const std::size_t begin = authorization.find_first_not_of(' ', scheme.size());
    return begin == std::string_view::npos ? std::string_view() : authorization.substr(begin);
}

std::vector<credential> read_owner_tokens(const std::string& path) {
    std::ifstream file(path);
    if (!file)
        throw std::runtime_error("cannot read \"" + path + '"');
    std::vector<credential> result;
    std::string line;
    for (std::size_t number = 1; std::getline(file, line); ++number) {
        std::istringstream words(line);
        credential one;
        std::string more;
        words >> one.owner;
        if (one.owner.empty() || one.owner.starts_with('#'))
            continue;
        const auto wrong = [&](const std::string& why) {
            throw std::runtime_error('"' + path + "\", line " + std::to_string(number) + ": " + why);
        };
        if (!(words >> one.token) || words >> more)
            wrong("expected an owner and a token");
        if (one.owner.size() > 40)
            wrong("an owner has at most 40 bytes");
        const auto same = [&](const credential& each) { return each.token == one.token; };
        if (std::any_of(result.begin(), result.end(), same))
            wrong("an earlier line has the same token");
        result.push_back(std::move(one));
    }
    if (file.bad())
        throw std::runtime_error("cannot read \"" + path + '"');
    if (result.empty())
        throw std::runtime_error('"' + path + "\" has no tokens");
    return result;
}

} // namespace seat_service
