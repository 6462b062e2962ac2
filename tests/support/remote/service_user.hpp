#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace colock_test {

/// The command that runs a server which refuses to be root: as the user `postgres` if we are root, else as
/// ourselves. If we die, the server gets `death_signal`.
[[nodiscard]] std::vector<std::string> as_service_user(std::vector<std::string> command,
                                                       const std::string& death_signal);

/// Gives a file or folder to that user, who can enter the folder it is in.
void give_to_service_user(const std::filesystem::path& path);

} // namespace colock_test
