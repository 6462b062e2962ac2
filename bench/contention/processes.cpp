#include "processes.hpp"

#include "cross_check.hpp"
#include "fairness.hpp"

#include <colock/error.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <system_error>
#include <type_traits>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace contention {
namespace {

/// A file between a process and its parent: nobody else knows it, and it ends with them.
class message {
public:
    message() : file_(std::tmpfile(), &std::fclose) {
        if (!file_)
            throw std::system_error(errno, std::generic_category(), "cannot make a temporary file");
    }

    template<class T>
    void put(const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        write(&value, sizeof value);
    }
    void put(const std::string& text) {
        put(text.size());
        write(text.data(), text.size());
    }
    void put(const grant_log& log) {
        put(log.size());
        write(log.data(), log.size() * sizeof(logged_grant));
    }
    void flush() {
        if (std::fflush(file_.get()) != 0)
            throw std::system_error(errno, std::generic_category(), "cannot report");
    }

    void rewind() { std::rewind(file_.get()); }
    template<class T>
    void get(T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        read(&value, sizeof value);
    }
    void get(std::string& text) {
        std::size_t size = 0;
        get(size);
        text.resize(size);
        read(text.data(), size);
    }
    void get(grant_log& log) {
        std::size_t size = 0;
        get(size);
        log.resize(size);
        read(log.data(), size * sizeof(logged_grant));
    }

private:
    void write(const void* from, std::size_t size) {
        if (size != 0 && std::fwrite(from, size, 1, file_.get()) != 1)
            throw std::system_error(errno, std::generic_category(), "cannot report");
    }
    void read(void* to, std::size_t size) {
        if (size != 0 && std::fread(to, size, 1, file_.get()) != 1)
            throw std::runtime_error("one of the processes ended without a report");
    }
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

enum class ending : unsigned char { reported, failed, invalid };

// The parts that are not made anew of all processes' grants.
template<class Report, class Visit>
void visit_parts(Report& of, Visit visit) {
    visit(of.seconds);
    visit(of.operations);
    visit(of.timeouts);
    visit(of.refusals);
    visit(of.unfinished);
    visit(of.longest_unfinished);
    visit(of.grants);
    visit(of.overlaps);
    visit(of.token_regressions);
    visit(of.first_breach);
    visit(of.failure);
    visit(of.interrupted);
    visit(of.cores);
    visit(of.statistics);
    visit(of.log);
}

/// What one of the processes does; its exit code.
int work(const settings& what, const provider_factory& make, std::ostream* progress, message& to) {
    try {
        const report result = run(what, make, progress);
        to.put(ending::reported);
        visit_parts(result, [&](const auto& part) { to.put(part); });
        to.flush();
        return result.exit_code();
    } catch (const colock::lock_error& error) {
        to.put(error.code() == colock::errc::invalid_argument ? ending::invalid : ending::failed);
        to.put(std::string(error.what()));
    } catch (const std::exception& error) {
        to.put(ending::failed);
        to.put(std::string(error.what()));
    }
    to.flush();
    return 1;
}

report understand(message& from) {
    from.rewind();
    ending how{};
    from.get(how);
    if (how == ending::reported) {
        report result;
        visit_parts(result, [&](auto& part) { from.get(part); });
        return result;
    }
    std::string why;
    from.get(why);
    throw colock::lock_error(how == ending::invalid ? colock::errc::invalid_argument
                                                    : colock::errc::provider_unavailable,
                             why, colock::key_set());
}

/// The processes, as their parent sees them. None outlives it.
class children {
public:
    children() {
        sigemptyset(&awaited_);
        for (const int number : {SIGINT, SIGTERM, SIGCHLD})
            sigaddset(&awaited_, number);
        sigprocmask(SIG_BLOCK, &awaited_, &before_);
    }
    children(const children&) = delete;
    children& operator=(const children&) = delete;
    ~children() {
        signal(SIGKILL);
        for (const pid_t id : running_)
            ::waitpid(id, nullptr, 0);
        sigprocmask(SIG_SETMASK, &before_, nullptr);
    }

    template<class Work>
    void start(Work work) {
        const pid_t parent = getpid();
        const pid_t id = fork();
        if (id < 0)
            throw std::system_error(errno, std::generic_category(), "cannot make a process");
        if (id != 0) {
            running_.push_back(id);
            return;
        }
        int code = 1;
        try {
            setpgid(0, 0); // what the terminal sends reaches the parent alone, which passes it on
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() == parent) {
                sigprocmask(SIG_SETMASK, &before_, nullptr);
                code = work();
            }
        } catch (...) { // the parent finds no report
        }
        ::_exit(code);
    }

    /// Until all have ended. When one has not ended well, the others are asked to end.
    void wait() {
        while (!running_.empty()) {
            int number = 0;
            if (sigwait(&awaited_, &number) != 0)
                continue;
            if (number != SIGCHLD)
                signal(number);
            for (std::size_t i = 0; i < running_.size();) {
                int status = 0;
                if (::waitpid(running_[i], &status, WNOHANG) == 0) {
                    ++i;
                    continue;
                }
                running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
                if (status != 0)
                    signal(SIGTERM);
                i = 0;
            }
        }
    }

private:
    void signal(int number) const noexcept {
        for (const pid_t id : running_)
            ::kill(id, number);
    }

    std::vector<pid_t> running_;
    sigset_t awaited_{};
    sigset_t before_{};
};

colock::provider_statistics& operator+=(colock::provider_statistics& to,
                                        const colock::provider_statistics& of) noexcept {
    to.granted += of.granted;
    to.queued += of.queued;
    to.refused += of.refused;
    to.timed_out += of.timed_out;
    to.cancelled += of.cancelled;
    to.released += of.released;
    to.expired += of.expired;
    to.revoked += of.revoked;
    to.held += of.held;
    to.waiting += of.waiting;
    return to;
}

report merge(const settings& what, std::vector<report> parts) {
    report all;
    all.what = what;
    std::vector<grant_log> logs;
    for (report& part : parts) {
        all.seconds = std::max(all.seconds, part.seconds);
        all.operations += part.operations;
        all.timeouts += part.timeouts;
        all.refusals += part.refusals;
        all.unfinished += part.unfinished;
        all.longest_unfinished = std::max(all.longest_unfinished, part.longest_unfinished);
        all.grants += part.grants;
        all.overlaps += part.overlaps;
        all.token_regressions += part.token_regressions;
        if (all.first_breach.empty())
            all.first_breach = part.first_breach;
        if (all.failure.empty())
            all.failure = part.failure;
        all.interrupted = all.interrupted || part.interrupted;
        all.cores = part.cores;
        all.statistics += part.statistics;
        logs.push_back(std::move(part.log));
    }
    const cross_findings found = check_across(logs, what.coroutines, what.key_prefix);
    all.overlaps += found.overlaps;
    all.token_regressions += found.token_regressions;
    if (all.first_breach.empty())
        all.first_breach = found.first_breach;
    all.inversions = found.inversions;
    all.wait = found.wait.summarize();
    all.hold = found.hold.summarize();
    all.hand_off = found.hand_off.summarize();
    all.hand_off_across = found.hand_off_across.summarize();
    all.jain = jain_index(found.shares);
    all.jain_processes = jain_index(found.process_shares);
    return all;
}

settings share_of(const settings& what, std::uint64_t process, moment begins) {
    settings part = what;
    part.process = process;
    part.begins_at = begins;
    if (what.operations != 0)
        part.operations = what.operations / what.processes + (process < what.operations % what.processes);
    return part;
}

} // namespace

report run_processes(const settings& what, const provider_factory& make, std::ostream* progress) {
    std::vector<message> messages(what.processes);
    const moment begins = std::chrono::steady_clock::now().time_since_epoch().count();
    {
        children all;
        for (std::uint64_t i = 0; i < what.processes; ++i)
            all.start([&, i] {
                return work(share_of(what, i, begins), make, i == 0 ? progress : nullptr, messages[i]);
            });
        all.wait();
    }
    std::vector<report> parts;
    std::exception_ptr no_report; // it was killed, or ended because another had failed
    bool failed = false;
    for (message& from : messages) {
        try {
            parts.push_back(understand(from));
            failed = failed || parts.back().exit_code() != 0;
        } catch (const colock::lock_error&) {
            throw;
        } catch (const std::runtime_error&) {
            no_report = std::current_exception();
            parts.emplace_back();
        }
    }
    if (no_report && !failed)
        std::rethrow_exception(no_report);
    return merge(what, std::move(parts));
}

} // namespace contention
