#include "options.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <cstdint>

namespace seat_service {
namespace {

constexpr const char* about = "A WebSocket service that sells the seats of a theatre and hands out locks by "
                              "name, and a page to watch it.\n"
                              "It prints one line with its address when it is ready. SIGTERM and SIGINT end "
                              "it in order, a second one at "
                              "once.\n";

struct options {
    explicit options(settings& to) : result(to), app(about, "service") {}

    settings& result;
    CLI::App app;
    std::string token;
    std::string owner_tokens;
    std::int64_t idle_timeout = 0;
    std::int64_t payment = 0;
    std::int64_t drain_time = 0;
    CLI::Option* board = nullptr;
};

constexpr double million = 1e6;

/// A range that the help does not show: it is there to catch slips.
CLI::Validator between(double least, double most) {
    return CLI::Range(least, most).description("");
}

void add_network(options& o) {
    const auto group = "Network";
    settings& to = o.result;
    o.app.add_option("--address", to.address, "IP address to listen on; with a token or owners' tokens, any")
        ->envname("COLOCK_SERVICE_ADDRESS")
        ->group(group)
        ->capture_default_str();
    o.app.add_option("--port", to.port, "TCP port; 0: any that is free")
        ->envname("COLOCK_SERVICE_PORT")
        ->group(group)
        ->capture_default_str();
    o.app
        .add_option("--tls-certificate", to.tls_certificate,
                    "PEM file with the certificate chain: https and wss")
        ->envname("COLOCK_SERVICE_TLS_CERTIFICATE")
        ->group(group);
    o.app.add_option("--tls-key", to.tls_key, "PEM file with its private key")
        ->envname("COLOCK_SERVICE_TLS_KEY")
        ->group(group);
    o.app.add_option("--token", o.token, "bearer token that clients must show (better in the environment)")
        ->envname("COLOCK_SERVICE_TOKEN")
        ->group(group);
    o.app
        .add_option("--owner-tokens", o.owner_tokens,
                    "file of lines \"owner token\": whoever shows the token is that owner")
        ->envname("COLOCK_SERVICE_OWNER_TOKENS")
        ->group(group);
    o.app
        .add_option("--allowed-origin", to.allowed_origins,
                    "origin of pages that may connect, such as https://example.com; may be repeated.\n"
                    "Default: the server's own")
        ->envname("COLOCK_SERVICE_ALLOWED_ORIGIN")
        ->group(group)
        ->delimiter(',');
}

void add_limits(options& o) {
    const auto group = "Limits";
    limits& to = o.result.allowed;
    const auto add = [&](const char* name, std::size_t& value, double least, const char* help) {
        o.app.add_option(name, value, help)
            ->check(between(least, 100 * million))
            ->group(group)
            ->capture_default_str();
    };
    add("--max-message", to.max_message, 256, "bytes of a message");
    add("--max-keys", to.max_keys, 1, "keys of a request");
    add("--max-locks", to.max_locks, 1, "locks of a connection, and of an identity's named owners");
    add("--max-waits", to.max_waits, 0, "requests of a connection that wait at once");
    add("--max-requests-per-second", to.max_requests_per_second, 1, "of a connection");
    add("--max-connections", to.max_connections, 1, "WebSockets");
    add("--max-queue", to.max_queue, 4096, "bytes that wait to be sent to one connection");
    o.app.add_option("--idle-timeout", o.idle_timeout, "milliseconds after which a silent client is gone")
        ->check(between(100.0, 86'400'000.0))
        ->group(group)
        ->default_val(to.idle_timeout.count());
}

void add_service(options& o) {
    const auto group = "Service";
    settings& to = o.result;
    o.app.add_option("--provider", to.provider, "URL of where the locks live")
        ->envname("COLOCK_SERVICE_PROVIDER")
        ->group(group)
        ->capture_default_str();
    o.app.add_option("--threads", to.threads, "threads that serve; 0: one for each core")
        ->check(between(0.0, 1024.0))
        ->group(group)
        ->capture_default_str();
    o.board = o.app
                  .add_flag("--board,!--no-board", to.show_board,
                            "clients see the locks of others (default without --owner-tokens)")
                  ->group(group);
    o.app.add_option("--payment", o.payment, "milliseconds that paying for seats takes")
        ->check(between(0.0, 60'000.0))
        ->group(group)
        ->default_val(to.payment.count());
    o.app
        .add_option("--drain-time", o.drain_time,
                    "milliseconds that running requests may go on when the server is asked to end")
        ->check(between(0.0, 3'600'000.0))
        ->group(group)
        ->default_val(to.drain_time.count());
    o.app.add_option("--log-level", to.log_level, "debug, info, warn, error or off")
        ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
        ->envname("COLOCK_SERVICE_LOG_LEVEL")
        ->group(group)
        ->capture_default_str();
    o.app
        .add_flag("--without-locks", to.without_locks,
                  "sell without locks, to measure what they cost: seats can be sold twice")
        ->group(group);
}

void check(const settings& of) {
    bool loopback = false;
    try {
        loopback = is_loopback_address(of.address);
    } catch (const std::exception& e) {
        throw usage_error(std::string("--address: ") + e.what());
    }
    if (!loopback && of.credentials.empty())
        throw usage_error("--address " + of.address +
                          " can be reached from elsewhere: that needs --token or --owner-tokens");
    if (!loopback && of.without_locks)
        throw usage_error("--without-locks is for measuring on a loopback address only");
    if (of.tls_certificate.empty() != of.tls_key.empty())
        throw usage_error("--tls-certificate and --tls-key go together");
    for (const std::string& origin : of.allowed_origins)
        if (origin.find("://") == std::string::npos || origin.ends_with('/'))
            throw usage_error("--allowed-origin \"" + origin +
                              "\" is not an origin such as https://example.com");
}

void read_credentials(const options& from, settings& to) {
    if (!from.token.empty() && !from.owner_tokens.empty())
        throw usage_error("--token and --owner-tokens exclude each other");
    if (!from.token.empty())
        to.credentials = {{.token = from.token, .owner = {}}};
    if (from.owner_tokens.empty())
        return;
    try {
        to.credentials = read_owner_tokens(from.owner_tokens);
    } catch (const std::runtime_error& e) {
        throw usage_error(std::string("--owner-tokens: ") + e.what());
    }
    if (from.board->count() == 0)
        to.show_board = false;
}

} // namespace

std::variant<settings, help_text> read_options(std::vector<std::string> arguments) {
    settings result;
    options read(result);
    add_network(read);
    add_service(read);
    add_limits(read);
    std::reverse(arguments.begin(), arguments.end()); // as CLI11 wants them
    try {
        read.app.parse(arguments);
    } catch (const CLI::CallForHelp&) {
        return help_text{read.app.help()};
    } catch (const CLI::ParseError& e) {
        std::string what = e.what();
        std::replace(what.begin(), what.end(), '\n', ' ');
        throw usage_error(what);
    }
    result.allowed.idle_timeout = milliseconds(read.idle_timeout);
    result.payment = milliseconds(read.payment);
    result.drain_time = milliseconds(read.drain_time);
    read_credentials(read, result);
    check(result);
    return result;
}

} // namespace seat_service
