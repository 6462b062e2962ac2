#include "options.hpp"
#include "server.hpp"

#include <colock/error.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <sys/resource.h>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
using seat_service::settings;

/// Each connection is an open file.
void raise_file_limit() {
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max)
        return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

void set_up_log(const settings& how) {
    spdlog::set_default_logger(spdlog::stderr_color_mt("service"));
    spdlog::set_level(spdlog::level::from_str(how.log_level));
}

/// Stops the server at the first signal, and the process at the second.
asio::awaitable<void> stop_at_signal(seat_service::server& server, asio::signal_set& signals) {
    const int first = co_await signals.async_wait(asio::use_awaitable);
    spdlog::info("{}: stopping", first == SIGTERM ? "SIGTERM" : "SIGINT");
    signals.async_wait([](const boost::system::error_code& error, int) {
        if (!error)
            std::_Exit(EXIT_FAILURE);
    });
    co_await server.stop();
    signals.cancel();
    spdlog::info("stopped");
}

void run(settings how) {
    if (how.without_locks)
        spdlog::warn("--without-locks: seats are sold without locks and CAN BE SOLD TWICE");
    const unsigned threads =
        how.threads != 0 ? how.threads : std::max(1u, std::thread::hardware_concurrency());
    asio::io_context io(static_cast<int>(threads));
    asio::signal_set signals(io, SIGTERM, SIGINT);
    seat_service::server server(io, std::move(how));
    server.start();

    std::exception_ptr failed;
    asio::co_spawn(io, stop_at_signal(server, signals), [&](const std::exception_ptr& error) {
        failed = error;
        io.stop(); // what is left are HTTP connections between two requests
    });
    std::cout << "listening on " << server.url() << std::endl;

    std::vector<std::jthread> others;
    for (unsigned i = 1; i < threads; ++i)
        others.emplace_back([&] { io.run(); });
    io.run();
    others.clear();
    if (failed)
        std::rethrow_exception(failed);
}

} // namespace

int main(int argc, char** argv) {
    try {
        auto read = seat_service::read_options({argv + 1, argv + argc});
        if (const auto* help = std::get_if<seat_service::help_text>(&read)) {
            std::cout << help->text;
            return EXIT_SUCCESS;
        }
        settings how = std::get<settings>(std::move(read));
        raise_file_limit();
        set_up_log(how);
        run(std::move(how));
        return EXIT_SUCCESS;
    } catch (const seat_service::usage_error& error) {
        std::cerr << "service: " << error.what() << '\n';
        return 2;
    } catch (const colock::lock_error& error) {
        std::cerr << "service: --provider: " << error.what() << '\n';
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "service: " << error.what() << '\n';
        return EXIT_FAILURE;
    }
}
