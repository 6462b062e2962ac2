#pragma once

#include <colock/remote_provider.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <string>
#include <vector>

namespace colock {

struct postgres_options {
    /// As libpq takes it: `host=db.lan dbname=shop user=app`, or
    /// `postgresql://app@db.lan/shop?sslmode=require`. What it leaves open comes from libpq's environment
    /// (PGHOST ...) and its files (~/.pgpass ...). With several hosts, the first that takes writes is used.
    /// Of keepalives and timeouts we set those that it does not.
    std::string connection;
    /// The same for the connection on which notifications arrive; empty: like the other. For a direct way
    /// past a transaction pooler.
    std::string notifications;
    /// Between here and PostgreSQL is a pooler that gives each transaction another connection (pgbouncer's
    /// `pool_mode = transaction`): no prepared statements, and no notifications unless `notifications` is
    /// given: who waits for what another process holds looks every one to two seconds.
    bool transaction_pooler = false;

    /// The schema that the provider makes for itself: lower-case letters, digits and `_`, at most 63.
    std::string schema = "colock";
    /// Locks of different namespaces know nothing of each other. 1 to 128 bytes that are text in the
    /// database's encoding.
    std::string name_space = "colock";
    /// The longest queue of one key; a call that would make it longer fails with errc::too_many_waiters.
    std::size_t max_waiters = static_cast<std::size_t>(-1);
    /// How long to connect, and to wait for any answer before the connection is given up; also how long calls
    /// without a `wait` last while PostgreSQL cannot be reached. 1 ms to 1 h.
    duration connect_timeout = std::chrono::seconds(2);
    /// The longest lease of guards and `execute`s, whatever their `expire`. At least 100 ms; `forever`: no
    /// limit.
    duration lease = forever;
};

/// What postgres_provider::check() found.
struct postgres_report {
    std::string version;               ///< of the server
    std::vector<std::string> warnings; ///< what threatens locks, one sentence each; empty: nothing known
};

/// Locks in PostgreSQL (13 or later), for many processes and hosts. One function call an operation, all keys
/// of a call in one, times by the server's clock; several calls share a transaction, and so a commit. Waiting
/// calls queue in a table, and are woken by NOTIFY.
///
/// What it survives:
/// - Its own process being killed: what its guards held is free after their leases (30 s unless set), its
///   places in queues after 5 s, all at once. Stopped or suspended past its lease, a process learns that a
///   lock is lost before anything else, by its own clock.
/// - Lost connections and answers: calls are sent again and get the same answer; no lock is granted twice.
/// - A restart of PostgreSQL, also after a crash: nothing is lost, with `synchronous_commit` on. Waiting
///   calls queue again.
/// - A failover to a synchronous standby, the same. Tokens still grow, unless the wall clock went back
///   meanwhile: they start at the time, and each connection sees to it that they do not fall behind.
///
/// What it does not survive: with `synchronous_commit = off` or `fsync = off` a crash, and with an
/// asynchronous standby a failover, may forget the last grants, which are granted again. check() tells. Where
/// two holders must not be, verify the lock in the transaction that writes (postgres_transaction.hpp), or
/// give the fencing token to what the lock protects.
///
/// The schema is made when it is not there, by whoever connects first; that needs the right to create one in
/// the database, or an empty schema of the role's own. Otherwise somebody who may runs what schema_script()
/// gives. Other roles need `GRANT USAGE ON SCHEMA`, `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES` and
/// `GRANT USAGE, SELECT ON ALL SEQUENCES` in it.
///
/// See remote_provider for connections, lifetime and threads. While it connects, libpq looks up the name of
/// the host with a blocking call on the executor; an address needs none.
class postgres_provider final : public remote_provider {
public:
    /// `executor`: where the connections run; calls may come from any other. Nothing is connected yet.
    /// \throws lock_error invalid_argument, naming the option
    postgres_provider(const asio::any_io_executor& executor, postgres_options options);
    ~postgres_provider() override;

    /// Connects, and reports what threatens locks: commits that are not forced to the disk, asynchronous
    /// standbys, long transactions, which keep rows from being cleared away.
    ///
    /// Errors: provider_unavailable, with the reason in the text. Cancellation: all types.
    [[nodiscard]] asio::awaitable<postgres_report> check();

    [[nodiscard]] const postgres_options& options() const noexcept { return options_; }

    /// The SQL that makes the schema of that name, as one transaction.
    /// \throws lock_error invalid_argument: it is no name for a schema
    [[nodiscard]] static std::string schema_script(std::string_view schema = "colock");

private:
    const postgres_options options_;
};

} // namespace colock
