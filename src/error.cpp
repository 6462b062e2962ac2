#include <colock/error.hpp>

#include <cstdio>

namespace colock {
namespace {

class category_impl final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "colock"; }

    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
        case errc::invalid_argument:
            return "invalid argument";
        case errc::already_locked:
            return "already locked by another";
        case errc::timed_out:
            return "timed out";
        case errc::too_many_waiters:
            return "too many waiters";
        case errc::lease_lost:
            return "the lease was lost";
        case errc::closed:
            return "the locking service is closed";
        case errc::unknown_provider:
            return "unknown provider";
        case errc::provider_unavailable:
            return "the provider is unavailable";
        }
        return "unknown error";
    }

    boost::system::error_condition default_error_condition(int value) const noexcept override {
        namespace generic = boost::system::errc;
        switch (static_cast<errc>(value)) {
        case errc::invalid_argument:
            return generic::make_error_condition(generic::invalid_argument);
        case errc::timed_out:
            return generic::make_error_condition(generic::timed_out);
        case errc::closed:
            return generic::make_error_condition(generic::operation_canceled);
        default:
            return {value, *this};
        }
    }
};

// Keys are any bytes: what is not printable ASCII is escaped, and long or many keys are cut short.
std::string quoted(std::string_view key) {
    constexpr std::size_t shown = 80;
    std::string out = "\"";
    for (const char c : key.substr(0, shown)) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c >= 0x20 && c < 0x7f) {
            out += c;
        } else {
            char hex[5];
            std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
            out += hex;
        }
    }
    return out += key.size() > shown ? "\"..." : "\"";
}

std::string quoted(const key_set& keys) {
    constexpr std::size_t shown = 4;
    if (keys.empty())
        return "(none)";
    std::string out;
    for (std::size_t i = 0; i < keys.size() && i < shown; ++i)
        out += (i == 0 ? "" : ", ") + quoted(keys[i]);
    if (keys.size() > shown)
        out += " and " + std::to_string(keys.size() - shown) + " more";
    return out;
}

std::string about(const char* what, const key_set& keys) {
    return what + std::string(keys.size() > 1 ? " keys " : " key ") + quoted(keys);
}

} // namespace

const boost::system::error_category& error_category() noexcept {
    static const category_impl instance;
    return instance;
}

lock_error::lock_error(boost::system::error_code code, const std::string& what, key_set keys)
    : boost::system::system_error(code), what_(what), keys_(std::move(keys)) {}

lock_error lock_error::acquiring(boost::system::error_code code, const key_set& keys) {
    if (code == errc::timed_out)
        return {code, about("Timed out acquiring lock for", keys), keys};
    return {code, about("Failed to acquire lock for", keys) + ": " + code.message(), keys};
}

lock_error lock_error::executing(boost::system::error_code code, const key_set& keys) {
    if (code == errc::timed_out)
        return {code, about("Timed out executing under the lock for", keys), keys};
    return {code, about("Failed to execute under the lock for", keys) + ": " + code.message(), keys};
}

lock_error lock_error::lost(const key_set& keys) {
    return {make_error_code(errc::lease_lost), about("Lost the lock for", keys), keys};
}

lock_error lock_error::invalid(std::string_view why, const key_set& keys) {
    const auto code = make_error_code(errc::invalid_argument);
    if (keys.empty())
        return {code, std::string(why), keys};
    return {code, about("Invalid argument for", keys) + ": " + std::string(why), keys};
}

} // namespace colock
