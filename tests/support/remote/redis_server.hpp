#pragma once

#include "child_process.hpp"
#include "temporary_folder.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct redisContext;

namespace colock_test {

/// What Redis answers, as far as tests look at it.
struct redis_reply {
    enum class kind { nothing, number, text, list, error } what = kind::nothing;
    long long number = 0;
    std::string text;
    std::vector<redis_reply> list;
};

/// A plain, blocking connection, with which tests look into Redis and meddle with it.
class redis_client {
public:
    explicit redis_client(std::uint16_t port);

    /// \throws std::runtime_error for an answer that is an error, or none
    redis_reply command(const std::vector<std::string>& words);
    long long number(const std::vector<std::string>& words) { return command(words).number; }
    /// All keys of the database.
    std::vector<std::string> keys();
    /// The ids of the clients' connections: those that are subscribed to something, or those that are not
    /// (but for this one).
    std::vector<std::string> clients(bool subscribed);
    /// How many commands the server has done, those of scripts not counted.
    long long commands_processed();

private:
    struct closer {
        void operator()(redisContext* context) const noexcept;
    };
    std::unique_ptr<redisContext, closer> context_;
};

struct redis_server_options {
    /// As an argument: a port that is free.
    static constexpr const char* another_port = "<port>";

    bool append_only = false;           ///< keep the data in a file, which a restart reads
    std::vector<std::string> more = {}; ///< arguments
    std::string password = {};
};

/// A redis-server of one's own on a port of the loopback. It ends with the object.
class redis_server {
public:
    explicit redis_server(redis_server_options options = {});

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// `redis://127.0.0.1:port/0?query`
    [[nodiscard]] std::string url(std::string_view query = {}) const;
    [[nodiscard]] static std::string url_of(std::uint16_t port, std::string_view query = {});
    [[nodiscard]] redis_client connect() const { return redis_client(port_); }
    [[nodiscard]] std::string folder() const { return folder_.path().string(); }

    void stop() { process_->stop(); }     ///< it stands still
    void resume() { process_->resume(); } ///< and goes on
    void kill();                          ///< with SIGKILL
    /// On the same port, with what the append-only file has kept.
    void start();
    void forget() { folder_.clear(); } ///< what it kept; while it is killed

private:
    [[nodiscard]] bool try_start();

    const redis_server_options options_;
    temporary_folder folder_;
    std::uint16_t port_ = 0;
    std::optional<child_process> process_;
};

} // namespace colock_test
