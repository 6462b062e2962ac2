#pragma once

#include <colock/grant.hpp>
#include <colock/key_set.hpp>

#include <array>
#include <string>
#include <string_view>

struct pg_conn; // libpq's PGconn

/// Locks within the user's own transaction, where the data they protect is in the same PostgreSQL as the
/// locks.
///
/// A lease can always be lost between the check and the write. Here it cannot: from `verify` (or `take`) to
/// the end of the transaction nobody else is granted the keys, whatever happens to the lease, and if it was
/// lost before, the transaction fails. So a stale holder cannot commit.
///
///     auto held = co_await locks.acquire("prod_123", {.owner = "job 7", .expire = 30s});
///     ...
///     BEGIN;
///     SELECT colock.verify('colock', ARRAY['prod_123'::bytea], <held.token()>);
///     UPDATE product SET ...;
///     COMMIT;
///
/// Keep such transactions short: while they last, those who wait for the keys wait on, and learn of their end
/// within 50 ms of asking again.
namespace colock::postgres {

/// A statement with its parameters in text form, for any client, blocking or not.
struct statement {
    std::string text;
    std::array<std::string, 3> parameters; ///< $1, $2, $3; unused ones are empty
    int parameter_count = 0;
};

/// Where a provider keeps its locks: its options of these names.
struct location {
    std::string_view schema = "colock";
    std::string_view name_space = "colock";
};

/// Fails, with SQLSTATE `CL001`, unless the keys of the grant are held with its token now. In transactions
/// that are "repeatable read" or "serializable" it may also fail with `40001` (serialization_failure), as all
/// their statements may: if anything about a key has changed since the snapshot, be it that its lease was
/// renewed. Call it first in such a transaction. Waits while another transaction has taken one of the keys
/// with `take`.
/// \throws lock_error invalid_argument: no name for a schema, or an empty grant
[[nodiscard]] statement verify_statement(const grant& held, location where = {});

/// Takes the keys until the end of the transaction, and gives one row with a fencing token. It does not wait:
/// if anybody holds one of the keys or waits for it, it fails with SQLSTATE `55P03` (lock_not_available). The
/// transaction must be "read committed".
/// \throws lock_error invalid_argument: no name for a schema
[[nodiscard]] statement take_statement(const key_set& keys, location where = {});

/// Carries out verify_statement on a connection of libpq that is in a transaction. Blocks for its answer.
/// \throws lock_error lease_lost for a stale grant; boost::system::system_error provider_unavailable with
/// PostgreSQL's text for everything else
void verify(pg_conn* connection, const grant& held, location where = {});

/// Carries out take_statement, likewise. Returns the token.
/// \throws lock_error already_locked if a key is held; else as verify
[[nodiscard]] std::uint64_t take(pg_conn* connection, const key_set& keys, location where = {});

} // namespace colock::postgres
