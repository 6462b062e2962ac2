#include "service_user.hpp"

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <pwd.h>
#include <unistd.h>

namespace colock_test {
namespace {

constexpr const char* user = "postgres"; // Debian's, which is there with the server

bool we_are_root() {
    return ::geteuid() == 0;
}

} // namespace

std::vector<std::string> as_service_user(std::vector<std::string> command, const std::string& death_signal) {
    std::vector<std::string> whole;
    if (we_are_root())
        whole = {"setpriv", std::string("--reuid=") + user, std::string("--regid=") + user, "--clear-groups",
                 "--reset-env"};
    // Only then: the kernel forgets which signal that is when the user changes.
    whole.insert(whole.end(), {"setpriv", "--pdeathsig", death_signal});
    whole.insert(whole.end(), command.begin(), command.end());
    return whole;
}

void give_to_service_user(const std::filesystem::path& path) {
    using std::filesystem::perms;
    std::filesystem::permissions(path.parent_path(),
                                 perms::owner_all | perms::group_exec | perms::others_exec);
    if (!we_are_root())
        return;
    const auto* who = ::getpwnam(user);
    if (!who)
        throw std::runtime_error(
            "there is no user \"postgres\": is the Debian package postgresql installed?");
    if (::chown(path.c_str(), who->pw_uid, who->pw_gid) != 0)
        throw std::system_error(errno, std::generic_category(), "chown " + path.string());
}

} // namespace colock_test
