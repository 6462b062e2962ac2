#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include <unistd.h>

namespace abuse {

/// An empty file, which goes with this object.
class scratch_file {
public:
    scratch_file() : name_((std::filesystem::temp_directory_path() / "colock-XXXXXX").string()) {
        close(mkstemp(name_.data()));
    }
    ~scratch_file() { std::filesystem::remove(name_); }
    scratch_file(const scratch_file&) = delete;
    scratch_file& operator=(const scratch_file&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    std::string name_;
};

} // namespace abuse
