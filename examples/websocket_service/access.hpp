#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace seat_service {

/// What a token allows.
struct credential {
    std::string token;
    std::string owner; ///< whose it is; empty: anybody may use it
};

/// Who may come in.
class access {
public:
    /// \param loopback_only the server can be reached from this machine alone
    access(std::vector<credential> credentials, std::vector<std::string> allowed_origins, bool loopback_only)
        : credentials_(std::move(credentials)), origins_(std::move(allowed_origins)),
          loopback_only_(loopback_only) {}

    [[nodiscard]] bool asks_for_token() const noexcept { return !credentials_.empty(); }

    /// The credential with this token; null if there is none. All are compared, in constant time.
    [[nodiscard]] const credential* find(std::string_view token) const;

    /// Whether a page from `origin` (empty: not from a page) may connect, having asked for `host`.
    ///
    /// A browser lets any page open a WebSocket anywhere and tells where the page is from. Without a list of
    /// origins, that must be the host it asked for; and if there is no token either, the host must be this
    /// machine by name, because the owner of any other name may have it resolved to this machine.
    [[nodiscard]] bool admits(std::string_view origin, std::string_view host) const;

private:
    std::vector<credential> credentials_;
    std::vector<std::string> origins_;
    bool loopback_only_;
};

/// The token of an `Authorization: Bearer …` header; empty if it has none.
[[nodiscard]] std::string_view bearer_token(std::string_view authorization);

/// Reads a file of lines `owner token`. Empty lines, and such that begin with #, are skipped.
/// \throws std::runtime_error that says what is wrong, without showing a token
[[nodiscard]] std::vector<credential> read_owner_tokens(const std::string& path);

} // namespace seat_service
