#include "postgres_server.hpp"

#include "service_user.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace colock_test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// The programs of the newest version; Debian has them in no PATH.
const fs::path& programs() {
    static const fs::path found = [] {
        int newest = 0;
        const fs::path all = "/usr/lib/postgresql";
        std::error_code none;
        for (const auto& each : fs::directory_iterator(all, none)) {
            const auto name = each.path().filename().string();
            int version = 0;
            std::from_chars(name.data(), name.data() + name.size(), version);
            if (fs::exists(each.path() / "bin" / "postgres"))
                newest = std::max(newest, version);
        }
        if (newest == 0)
            throw std::runtime_error("there is no PostgreSQL: please install the Debian package postgresql");
        return all / std::to_string(newest) / "bin";
    }();
    return found;
}

std::string text_of(const std::string& file) {
    std::ifstream from(file);
    return {std::istreambuf_iterator<char>(from), {}};
}

void run(std::vector<std::string> command, const std::string& log) {
    if (child_process(as_service_user(std::move(command), "KILL"), child_process::talk::none, log).wait() !=
        0)
        throw std::runtime_error("cannot make a data folder for PostgreSQL: " + text_of(log));
}

/// A data folder as it is in the beginning: made once, as that takes longer than all else.
const fs::path& fresh_data() {
    static const temporary_folder folder;
    static const fs::path data = [] {
        auto made = folder.path() / "data";
        fs::create_directory(made);
        give_to_service_user(made);
        run({programs() / "initdb", "--pgdata=" + made.string(), "--username=postgres", "--auth=trust",
             "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"},
            folder.path() / "log");
        return made;
    }();
    return data;
}

} // namespace

postgres_server::postgres_server(postgres_server_options options) : options_(std::move(options)) {
    const auto data = folder_.path() / "data";
    fs::create_directory(data);
    give_to_service_user(data);
    run({"cp", "-aT", fresh_data().string(), data.string()}, folder() + "/log");
    if (!options_.access.empty())
        std::ofstream(data / "pg_hba.conf") << options_.access << '\n';
    // Somebody else may take a port between our finding it and the server's.
    for (int i = 0; i < 10; ++i) {
        port_ = free_port();
        if (try_start())
            return;
    }
    throw std::runtime_error("cannot start PostgreSQL: " + text_of(folder() + "/log"));
}

postgres_server::~postgres_server() {
    try {
        shut_down_at_once();
    } catch (const std::exception&) { // it was gone
    }
}

bool postgres_server::try_start() {
    std::vector<std::string> command{programs() / "postgres", "-D", folder() + "/data", "-p",
                                     std::to_string(port_)};
    std::vector<std::string> settings;
    for (const char* each : {"listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"})
        settings.emplace_back(each);
    settings.insert(settings.end(), options_.settings.begin(), options_.settings.end());
    for (const auto& each : settings)
        command.insert(command.end(), {"-c", each});
    process_.reset();
    // SIGQUIT makes it end its processes and what it has in shared memory.
    process_.emplace(as_service_user(std::move(command), "QUIT"), child_process::talk::none,
                     folder() + "/log");
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (process_->running() && std::chrono::steady_clock::now() < end) {
        if (is_ready())
            return true;
        std::this_thread::sleep_for(3ms); // a server has no other way to say that it is ready
    }
    process_.reset();
    return false;
}

// As it says in a file whose first line is its process, and whose eighth is its state. Not by connecting,
// which may need a password.
bool postgres_server::is_ready() const {
    std::ifstream file(folder() + "/data/postmaster.pid");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);)
        lines.push_back(line);
    return lines.size() > 7 && lines[0] == std::to_string(process_->id()) && lines[7].starts_with("ready");
}

std::string postgres_server::url_of(std::uint16_t port, std::string_view query, std::string_view user) {
    std::string url("postgresql://");
    url.append(user).append("@127.0.0.1:").append(std::to_string(port)).append("/postgres");
    if (!query.empty())
        url.append("?").append(query);
    return url;
}

std::string postgres_server::url(std::string_view query, std::string_view user) const {
    return url_of(port_, query, user);
}

std::string postgres_server::program(const std::string& name) {
    return programs() / name;
}

long postgres_server::logged(std::string_view text) const {
    std::ifstream log(folder() + "/log");
    long count = 0;
    for (std::string line; std::getline(log, line);)
        count += line.find(text) != std::string::npos;
    return count;
}

void postgres_server::stop() {
    stopped_.emplace(*process_);
}

void postgres_server::resume() {
    stopped_.reset();
}

void postgres_server::shut_down_fast() {
    end(SIGINT);
}

void postgres_server::shut_down_at_once() {
    end(SIGQUIT);
}

void postgres_server::end(int signal) {
    resume();
    if (!process_)
        return;
    process_->signal(signal);
    process_->wait();
    process_.reset();
}

void postgres_server::start() {
    for (int i = 0; i < 10; ++i)
        if (try_start())
            return;
    throw std::runtime_error("cannot start PostgreSQL again: " + text_of(folder() + "/log"));
}

} // namespace colock_test
