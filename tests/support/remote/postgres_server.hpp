#pragma once

#include "child_process.hpp"
#include "postgres_client.hpp"
#include "process_tree.hpp"
#include "temporary_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace colock_test {

struct postgres_server_options {
    /// Settings, `name=value` each. Unless they say otherwise nothing is forced to the disk: a server may
    /// crash here, the machine may not.
    std::vector<std::string> settings = {};
    /// Who may come in how (pg_hba.conf); empty: everybody by TCP, without a password.
    std::string access = {};
};

/// A PostgreSQL of one's own on a port of the loopback, the newest that is installed. It ends with the
/// object.
class postgres_server {
public:
    explicit postgres_server(postgres_server_options options = {});
    postgres_server(const postgres_server&) = delete;
    postgres_server& operator=(const postgres_server&) = delete;
    ~postgres_server();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// `postgresql://user@127.0.0.1:port/postgres?query`
    [[nodiscard]] std::string url(std::string_view query = {}, std::string_view user = "postgres") const;
    [[nodiscard]] static std::string url_of(std::uint16_t port, std::string_view query = {},
                                            std::string_view user = "postgres");
    [[nodiscard]] postgres_client connect() const { return postgres_client(url()); }
    [[nodiscard]] std::string folder() const { return folder_.path().string(); }
    /// How many lines of its log contain a text.
    [[nodiscard]] long logged(std::string_view text) const;

    /// The path of a program of the same version.
    [[nodiscard]] static std::string program(const std::string& name);

    void stop();   ///< all of its processes stand still
    void resume(); ///< and go on
    void shut_down_fast();
    void shut_down_at_once(); ///< as if it crashed; it recovers at the next start
    void start();             ///< again, on the same port, with its data

private:
    [[nodiscard]] bool try_start();
    [[nodiscard]] bool is_ready() const;
    void end(int signal);

    const postgres_server_options options_;
    temporary_folder folder_;
    std::uint16_t port_ = 0;
    std::optional<child_process> process_;
    std::optional<stopped_tree> stopped_;
};

} // namespace colock_test
