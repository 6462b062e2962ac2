#pragma once

#include <filesystem>
#include <string>

namespace colock_test {

/// A folder of one's own, which goes with the object.
class temporary_folder {
public:
    temporary_folder();
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    void clear();

private:
    std::filesystem::path path_;
};

/// A TCP port on the loopback that was free a moment ago.
[[nodiscard]] unsigned short free_port();

} // namespace colock_test
