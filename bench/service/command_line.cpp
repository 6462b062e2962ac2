#include "command_line.hpp"

#include "time_text.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>

namespace service_load {
namespace {

constexpr const char* about =
    "Visits a running seat service: each connection reserves a random seat, gives it back, "
    "and again, one request after another.\n"
    "Reports requests a second and latencies, and checks that no seat is ever sold twice.\n";

constexpr const char* explanations = R"(
DURATION is a number with a unit: 500ms, 5s, 1min.

What is reported, of the window between warm-up and end:
  requests    all that were answered: reservations, also those that found the seat sold, and those given back.
              The server works on each under the lock of the seat, unless it was started --without-locks.
  latency     from the call until the answer was read and parsed, in this program
  server CPU  what the server's process used, divided by the requests; with --server
  invariant   a seat is not sold while another connection has it, it can be given back by whom it was sold to,
              and the tokens of a seat grow. Also checked outside of the window.
Connections ask again only when they were answered: a slow server is asked less often. This program needs CPU time
as well; on the machine of the server, both share it.

Exit code: 0 all went well; 1 a seat was sold twice; 2 the command line cannot be used; 3 the run failed, for
example because the server cannot be reached or ended a connection.

Examples (`examples/run service --help` tells how the server is started):
  service_load --port 8080                                   32 connections, all 96 seats, 5 s
  service_load --port 8080 --seats 1 --connections 500       everybody wants the same seat
  service_load --port 8080 --duration 30s --json result.json
The server lets a connection send 1000 requests a second: give it more with --max-requests-per-second.
)";

CLI::Option* add_span(CLI::App& app, const std::string& name, nanoseconds& to,
                      const std::string& description) {
    const auto parse = [name, &to](const std::string& text) {
        try {
            to = contention::parse_span(text);
        } catch (const std::invalid_argument& error) {
            throw CLI::ValidationError(name, error.what());
        }
    };
    return app.add_option_function<std::string>(name, parse, description)
        ->option_text("DURATION (" + contention::to_text(to) + ")");
}

void add_options(CLI::App& app, settings& to) {
    app.add_option("--host", to.host, "address of the server")->option_text("ADDRESS (127.0.0.1)");
    app.add_option("--port", to.port, "where it listens")
        ->option_text("N REQUIRED")
        ->required()
        ->check(CLI::Range(1, 65535));
    app.add_option("--token", to.token, "bearer token, if it asks for one")->option_text("TEXT");
    app.add_option("--connections", to.connections, "how many visit at once")
        ->option_text("N (32)")
        ->check(CLI::Range(1, 20'000));
    app.add_option("--seats", to.seats, "how many of the theatre they choose from")
        ->option_text("N (96)")
        ->check(CLI::Range(1, 96));
    app.add_option("--threads", to.threads, "of this program")
        ->option_text("N (1)")
        ->check(CLI::Range(1, 64));
    add_span(app, "--warm-up", to.warm_up, "runs before it is measured");
    add_span(app, "--duration", to.duration, "how long it is measured");
    app.add_option("--seed", to.seed, "of the choice of seats")->option_text("N (1)");
    app.add_option("--server", to.server, "process id of the server, on this machine: reports its CPU time")
        ->option_text("PID");
    app.add_option("--json", to.json, "a JSON object instead of the table; into a FILE: besides the table")
        ->option_text("[FILE]")
        ->expected(0, 1);
    app.set_help_flag("-h,--help", "this text");
}

} // namespace

command parse(std::vector<std::string> arguments) {
    command result;
    CLI::App app(about, "service_load");
    app.get_formatter()->column_width(34);
    app.footer(explanations);
    add_options(app, result.run);
    try {
        std::reverse(arguments.begin(), arguments.end()); // CLI11 takes them from the back
        app.parse(arguments);
    } catch (const CLI::CallForHelp&) {
        result.help = app.help();
        return result;
    } catch (const CLI::ParseError& error) {
        throw usage_error(error.what());
    }
    if (result.run.duration == nanoseconds::zero())
        throw usage_error("--duration: there must be some time to measure");
    if (result.run.threads > result.run.connections)
        throw usage_error("--threads: more of them than connections have nothing to do");
    return result;
}

} // namespace service_load
