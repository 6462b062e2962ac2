#include "child_process.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace abuse {
namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::system_category(), what);
}

[[noreturn]] void become(std::vector<char*>& arguments, int output, pid_t parent) {
    dup2(output, STDOUT_FILENO);
    // Asio's sockets are inherited by default, and would stay open when their owner drops them.
    close_range(3, ~0U, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        execv(arguments.front(), arguments.data());
    _exit(127);
}

bool readable(int descriptor, milliseconds limit) {
    pollfd poll_for{descriptor, POLLIN, 0};
    const auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
        const int count = poll(&poll_for, 1, std::max(0, static_cast<int>(left.count())));
        if (count >= 0 || errno != EINTR)
            return count > 0;
    }
}

} // namespace

child_process::child_process(const std::vector<std::string>& command) {
    std::vector<char*> arguments;
    for (const std::string& argument : command)
        arguments.push_back(const_cast<char*>(argument.c_str())); // as execv wants it
    arguments.push_back(nullptr);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        fail("pipe2");
    const pid_t self = getpid();
    id_ = fork();
    if (id_ == 0)
        become(arguments, ends[1], self);
    close(ends[1]);
    output_ = ends[0];
    if (id_ < 0)
        fail("fork");
    ended_ = static_cast<int>(syscall(SYS_pidfd_open, id_, 0));
    if (ended_ < 0)
        fail("pidfd_open");
}

child_process::~child_process() {
    if (!outcome_) {
        kill(id_, SIGKILL);
        waitpid(id_, nullptr, 0);
    }
    close(ended_);
    close(output_);
}

void child_process::signal(int number) const {
    if (!outcome_)
        kill(id_, number);
}

std::optional<int> child_process::wait(milliseconds limit) {
    if (outcome_ || !readable(ended_, limit))
        return outcome_;
    int status = 0;
    waitpid(id_, &status, 0);
    outcome_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return outcome_;
}

std::optional<std::string> child_process::read_line(milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const std::size_t length = unread_.find('\n');
        if (length != std::string::npos) {
            std::string line = unread_.substr(0, length);
            unread_.erase(0, length + 1);
            return line;
        }
        const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
        char part[4096];
        const ssize_t size = readable(output_, left) ? read(output_, part, sizeof part) : 0;
        if (size <= 0)
            return std::nullopt;
        unread_.append(part, static_cast<std::size_t>(size));
    }
}

std::size_t child_process::resident() const {
    std::ifstream status("/proc/" + std::to_string(id_) + "/status");
    for (std::string word; status >> word;) {
        if (word != "VmRSS:")
            continue;
        std::size_t kilobytes = 0;
        status >> kilobytes;
        return kilobytes * 1024;
    }
    return 0;
}

} // namespace abuse
