// A process that locks on command: it reads lines `id command arguments...` from its input, and answers with
// lines that begin with the id. Durations are milliseconds, -1 is for ever; `-` is no owner.
#include <colock/colock.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <cstdio>
#include <iostream>
#include <istream>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include <unistd.h>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Says a line at once: who kills us must not kill what we said.
void say(const std::string& line) {
    const std::string whole = line + '\n';
    if (::write(STDOUT_FILENO, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size()))
        std::_Exit(1);
}

/// Microseconds on a clock that all processes of this machine share.
std::string now() {
    return std::to_string(std::chrono::steady_clock::now().time_since_epoch() / 1us);
}

colock::duration read_span(std::istream& from) {
    long ms = 0;
    from >> ms;
    return ms < 0 ? colock::forever : colock::duration(ms * 1ms);
}

std::string read_owner(std::istream& from) {
    std::string owner;
    from >> owner;
    return owner == "-" ? std::string() : owner;
}

class agent {
public:
    agent(asio::io_context& io, const std::string& url)
        : io_(io), locks_(io.get_executor()), input_(io, ::dup(0)) {
        locks_.add_provider("shared", colock::make_provider(io.get_executor(), url));
        asio::co_spawn(io, listen(), [&](std::exception_ptr) { io.stop(); });
    }

private:
    asio::awaitable<void> listen() {
        asio::streambuf buffer;
        for (;;) {
            co_await asio::async_read_until(input_, buffer, '\n', asio::use_awaitable);
            std::istream stream(&buffer);
            std::string line;
            std::getline(stream, line);
            obey(line);
        }
    }

    void obey(const std::string& line) {
        std::istringstream words(line);
        std::string id;
        std::string what;
        words >> id >> what;
        if (what == "cancel") {
            words >> what;
            signals_[what].emit(asio::cancellation_type::terminal);
            return;
        }
        asio::co_spawn(io_, carry_out(id, line),
                       asio::bind_cancellation_slot(signals_[id].slot(), [id](std::exception_ptr error) {
                           if (!error)
                               return;
                           try {
                               std::rethrow_exception(error);
                           } catch (const boost::system::system_error& e) {
                               say(id + " error " + e.code().message());
                           } catch (const std::exception& e) {
                               say(id + " error " + e.what());
                           }
                       }));
    }

    asio::awaitable<void> carry_out(std::string id, std::string line) {
        std::istringstream words(line);
        std::string what;
        std::string key;
        words >> what >> what >> key;
        if (what == "lock") {
            const auto lease = read_span(words);
            const auto wait = read_span(words);
            auto held = co_await locks_.lock(key, {.wait = wait, .expire = lease});
            say(id + " held " + std::to_string(held.token()));
            auto& kept = guards_[id] = std::move(held);
            asio::co_spawn(io_, kept.wait_lost(), [id](std::exception_ptr error) {
                if (!error)
                    say(id + " lost " + now());
            });
        } else if (what == "drop") {
            auto held = std::move(guards_[key]);
            const bool was_held = co_await held.release();
            say(id + " released " + std::to_string(was_held));
        } else if (what == "acquire") {
            const auto owner = read_owner(words);
            const auto expire = read_span(words);
            const auto wait = read_span(words);
            const auto granted =
                co_await locks_.acquire(key, {.owner = owner, .expire = expire, .wait = wait});
            say(id + " granted " + std::to_string(granted.token()));
        } else if (what == "release") {
            const auto owner = read_owner(words);
            const bool was_held = co_await locks_.release(key, {.owner = owner});
            say(id + " released " + std::to_string(was_held));
        } else if (what == "work") {
            const auto lease = read_span(words);
            const auto job = [&](colock::lease& mine) { return write_while_held(id, mine); };
            co_await locks_.execute(key, job, {.timeout = colock::forever, .expire = lease});
        } else if (what == "visit") {
            int rounds = 0;
            words >> rounds;
            for (int i = 0; i < rounds; ++i)
                co_await visit(id, key);
            say(id + " end");
        } else {
            say(id + " error unknown command");
        }
    }

    // What a job does to the thing it has locked. It looks at its lease before each step, as a job must that
    // may be stopped at any time.
    asio::awaitable<void> write_while_held(const std::string& id, colock::lease& mine) {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        asio::steady_timer timer(io_);
        while (!mine.lost()) {
            say(id + " write " + std::to_string(mine.token()));
            timer.expires_after(5ms);
            co_await timer.async_wait(asio::use_awaitable);
        }
        say(id + " lost " + now());
    }

    asio::awaitable<void> visit(const std::string& id, const std::string& key) {
        const auto called = now();
        auto held = co_await locks_.lock(key, {.wait = colock::forever});
        say(id + " visit " + called + ' ' + now() + ' ' + std::to_string(held.token()));
        co_await held.release();
    }

    asio::io_context& io_;
    colock::locking_service locks_;
    asio::posix::stream_descriptor input_;
    std::map<std::string, colock::guard> guards_;
    std::map<std::string, asio::cancellation_signal> signals_;
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: agent URL\n";
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    try {
        asio::io_context io;
        agent me(io, argv[1]);
        say("ready");
        io.run();
    } catch (const std::exception& e) {
        std::cerr << "agent: " << e.what() << '\n';
        return 1;
    }
}
