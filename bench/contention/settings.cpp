#include "settings.hpp"

namespace contention {

std::string to_text(key_distribution value) {
    return value == key_distribution::one ? "one" : value == key_distribution::uniform ? "uniform" : "zipf";
}

std::string to_text(operation value) {
    return value == operation::lock ? "lock" : value == operation::execute ? "execute" : "acquire";
}

std::string to_text(contexts value) {
    return value == contexts::shared ? "shared" : "own";
}

std::string without_secrets(const std::string& url) {
    const auto slashes = url.find("//");
    const auto at = url.rfind('@');
    if (slashes == std::string::npos || at == std::string::npos || at < slashes)
        return url;
    return url.substr(0, slashes + 2) + "***" + url.substr(at);
}

} // namespace contention
