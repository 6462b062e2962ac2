#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace colock_test {

/// A process that a test starts, talks to in lines, stops, and kills. It does not outlive the test.
class child_process {
public:
    enum class talk { none, lines };

    /// The first argument is the program, looked for in PATH. With talk::none its output goes to `log`, if
    /// that is not empty.
    explicit child_process(std::vector<std::string> arguments, talk how = talk::none, std::string log = {});
    child_process(child_process&& other) noexcept;
    child_process& operator=(child_process&&) = delete;
    ~child_process(); ///< kills it

    [[nodiscard]] pid_t id() const noexcept { return id_; }
    [[nodiscard]] bool running(); ///< it may have ended by itself
    void signal(int number);
    void stop() { signal_and_await_stop(); } ///< SIGSTOP; when this returns it stands still
    void resume();                           ///< SIGCONT
    void kill();                             ///< SIGKILL, and waits for its end
    /// Asks it to end, and waits for that; its exit status.
    int terminate();
    int wait(); ///< for its end; its exit status

    void send(std::string_view line);
    /// The next line it says; nothing if it says none in time or has ended.
    std::optional<std::string> receive(std::chrono::milliseconds patience = std::chrono::seconds(20));

private:
    void signal_and_await_stop();
    int await_end();
    void close_pipes() noexcept;

    pid_t id_ = -1;
    int input_ = -1;
    int output_ = -1;
    std::string said_;
};

} // namespace colock_test
