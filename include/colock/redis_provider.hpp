#pragma once

#include <colock/remote_provider.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace colock {

struct redis_options {
    std::string host = "localhost"; ///< name or address
    std::uint16_t port = 6379;
    std::string unix_socket; ///< path of a Unix socket, instead of host and port; empty: none

    std::string user;      ///< ACL user; empty: the default one
    std::string password;  ///< empty: no AUTH is sent
    unsigned database = 0; ///< SELECT

    bool tls = false;          ///< over TCP only
    bool tls_verify = true;    ///< the server's certificate and the name in it
    std::string tls_ca_file;   ///< PEM; empty: the system's certificates
    std::string tls_cert_file; ///< PEM, of this client; empty: none
    std::string tls_key_file;  ///< PEM, of the client's certificate
    std::string tls_name;      ///< name that the certificate must have; empty: host

    /// Locks of different namespaces know nothing of each other. 1 to 128 bytes, no braces. All keys that the
    /// provider uses in Redis begin with `{namespace}:`, so that they are on one node of a cluster.
    std::string name_space = "colock";
    /// The longest queue of one key; a call that would make it longer fails with errc::too_many_waiters.
    std::size_t max_waiters = static_cast<std::size_t>(-1);
    /// How long to connect, and to wait for any answer before the connection is given up; also how long calls
    /// without a `wait` last while Redis cannot be reached. 1 ms to 1 h.
    duration connect_timeout = std::chrono::seconds(2);
    /// The longest lease of guards and `execute`s, whatever their `expire`. At least 100 ms; `forever`: no
    /// limit.
    duration lease = forever;
};

/// What redis_provider::check() found.
struct redis_report {
    std::string version;               ///< of the server
    std::vector<std::string> warnings; ///< what threatens locks, one sentence each; empty: nothing known
};

/// Locks in Redis (6.2 or later) or Valkey, for many processes and hosts. One Lua script an operation, all
/// keys of a call in one script, times by the server's clock; waiting calls queue in Redis, and are woken by
/// a message.
///
/// What it survives:
/// - Its own process being killed: what its guards held is free after their leases (30 s unless set), its
///   places in queues after 5 s, all at once. Stopped or suspended past its lease, a process learns that a
///   lock is lost before anything else, by its own clock.
/// - Lost connections and answers: calls are sent again and get the same answer; no lock is granted twice.
/// - A restart of Redis with its data: nothing is lost. Without its data (no persistence, FLUSHALL): **all
///   locks are forgotten**, and may be granted to others while their holders still believe in them: until
///   they are connected again, or until their next renewal (a third of the lease). Waiting calls queue again.
///   Tokens still grow, unless the server's wall clock went back meanwhile.
///
/// What it does not survive: replication is asynchronous, so that a replica that is promoted may not know of
/// the last grants, and grants them again. Persistence with `appendfsync everysec` may forget the last
/// second. Eviction (`maxmemory-policy allkeys-*`) may drop everything. check() tells. Where two holders
/// must not be, give the fencing token to what the lock protects.
///
/// The ACL user needs `~{namespace}*`, `&{namespace}*`, and the commands
/// `+eval +evalsha +script|load +time +ping +select +hmget +hget +hset +hdel +hscan +hgetall +zadd +zrem
/// +zrange +zrangebyscore +zcard +zscore +sadd +srem +smembers +exists +del +pexpire +publish +subscribe`;
/// check() also `+info +config|get`.
///
/// In a Redis Cluster, host and port name any node; a namespace lives on one node, which is found.
///
/// See remote_provider for connections, lifetime and threads.
class redis_provider final : public remote_provider {
public:
    /// `executor`: where the connections run; calls may come from any other. Nothing is connected yet.
    /// \throws lock_error invalid_argument, naming the option
    redis_provider(const asio::any_io_executor& executor, redis_options options);
    ~redis_provider() override;

    /// Connects, and reports what threatens locks: a version that is too old, an eviction policy that may
    /// drop keys, no persistence, a server that is a replica. What it may not ask (managed services hide
    /// CONFIG) is a warning.
    ///
    /// Errors: provider_unavailable, with the reason in the text. Cancellation: all types.
    [[nodiscard]] asio::awaitable<redis_report> check();

    [[nodiscard]] const redis_options& options() const noexcept { return options_; }

private:
    const redis_options options_;
};

} // namespace colock
