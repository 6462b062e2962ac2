#include "child_process.hpp"

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace colock_test {
namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

struct pipe_ends {
    int read = -1;
    int write = -1;
};

pipe_ends make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        fail("pipe2");
    return {ends[0], ends[1]};
}

} // namespace

child_process::child_process(std::vector<std::string> arguments, talk how, std::string log) {
    std::vector<char*> argv;
    for (auto& each : arguments)
        argv.push_back(each.data());
    argv.push_back(nullptr);
    pipe_ends in;
    pipe_ends out;
    if (how == talk::lines) {
        in = make_pipe();
        out = make_pipe();
    }
    const int other =
        ::open(log.empty() ? "/dev/null" : log.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (other < 0)
        fail("open");
    const pid_t parent = ::getpid();
    id_ = ::fork();
    if (id_ < 0)
        fail("fork");
    if (id_ == 0) {
        // Only what is safe after a fork from among threads.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent)
            ::_exit(126);
        ::dup2(how == talk::lines ? in.read : other, STDIN_FILENO);
        ::dup2(how == talk::lines ? out.write : other, STDOUT_FILENO);
        if (how == talk::none)
            ::dup2(other, STDERR_FILENO);
        // Or the other end of a connection would not hear that we closed it.
        ::close_range(STDERR_FILENO + 1, ~0U, 0);
        ::execvp(argv[0], argv.data());
        ::_exit(127);
    }
    ::close(other);
    if (how == talk::lines) {
        ::close(in.read);
        ::close(out.write);
        input_ = in.write;
        output_ = out.read;
    }
}

child_process::child_process(child_process&& other) noexcept
    : id_(std::exchange(other.id_, -1)), input_(std::exchange(other.input_, -1)),
      output_(std::exchange(other.output_, -1)), said_(std::move(other.said_)) {}

child_process::~child_process() {
    if (id_ > 0) {
        ::kill(id_, SIGKILL);
        await_end();
    }
    close_pipes();
}

void child_process::close_pipes() noexcept {
    for (int* end : {&input_, &output_})
        if (*end >= 0)
            ::close(std::exchange(*end, -1));
}

bool child_process::running() {
    if (id_ <= 0)
        return false;
    int status = 0;
    if (::waitpid(id_, &status, WNOHANG) == 0)
        return true;
    id_ = -1;
    return false;
}

void child_process::signal(int number) {
    if (id_ <= 0 || ::kill(id_, number) != 0)
        throw std::runtime_error("a child process has ended too early");
}

void child_process::signal_and_await_stop() {
    signal(SIGSTOP);
    int status = 0;
    while (::waitpid(id_, &status, WUNTRACED) < 0)
        if (errno != EINTR)
            fail("waitpid");
    if (!WIFSTOPPED(status)) {
        id_ = -1;
        throw std::runtime_error("a child process has ended instead of stopping");
    }
}

void child_process::resume() {
    signal(SIGCONT);
}

void child_process::kill() {
    signal(SIGKILL);
    await_end();
}

int child_process::terminate() {
    signal(SIGTERM);
    return await_end();
}

int child_process::wait() {
    return await_end();
}

int child_process::await_end() {
    int status = 0;
    while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    id_ = -1;
    return status;
}

void child_process::send(std::string_view line) {
    const std::string whole = std::string(line) + '\n';
    for (std::size_t done = 0; done < whole.size();) {
        const ssize_t n = ::write(input_, whole.data() + done, whole.size() - done);
        if (n < 0 && errno != EINTR)
            fail("write to a child process");
        if (n > 0)
            done += static_cast<std::size_t>(n);
    }
}

std::optional<std::string> child_process::receive(std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (;;) {
        if (const auto at = said_.find('\n'); at != std::string::npos) {
            std::string line = said_.substr(0, at);
            said_.erase(0, at + 1);
            return line;
        }
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        pollfd what{output_, POLLIN, 0};
        const int ready = ::poll(&what, 1, static_cast<int>(std::max<long>(left.count(), 0)));
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return std::nullopt;
        char buffer[4096];
        const ssize_t n = ::read(output_, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return std::nullopt;
        said_.append(buffer, static_cast<std::size_t>(n));
    }
}

} // namespace colock_test
