#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace abuse {

using std::chrono::milliseconds;

/// Another program, which ends at the latest with this object, and with this process. It inherits no
/// descriptors but the standard ones; what it prints can be read.
class child_process {
public:
    /// \throws std::system_error when it cannot be started
    explicit child_process(const std::vector<std::string>& command);
    ~child_process();
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;

    [[nodiscard]] pid_t id() const noexcept { return id_; }
    void signal(int number) const;

    /// How it ended: its exit code, or the signal that killed it, negated. None if it still runs at the
    /// limit.
    [[nodiscard]] std::optional<int> wait(milliseconds limit);

    /// The next line of its standard output; none at its end or at the limit.
    [[nodiscard]] std::optional<std::string> read_line(milliseconds limit);

    /// Memory that it has in use now (VmRSS), in bytes.
    [[nodiscard]] std::size_t resident() const;

private:
    pid_t id_ = 0;
    int ended_ = -1; ///< a descriptor that becomes readable then
    int output_ = -1;
    std::string unread_;
    std::optional<int> outcome_;
};

} // namespace abuse
