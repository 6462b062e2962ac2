#pragma once

#include <colock/provider.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string_view>

namespace colock {

/// Makes a provider from a URL; query parameters set its options:
///
/// | URL | provider | options |
/// |---|---|---|
/// | `memory:` | in-memory | `max_waiters` |
/// | `redis://[user:password@]host[:port][/database]` | redis_provider | `namespace`, `max_waiters`, … |
/// | `rediss://…`, the same over TLS | redis_provider | also `tls_verify`, `tls_ca_file`, … |
/// | `redis+unix://[user:password@]/path` | redis_provider | as `redis:`, and `db` |
///
/// for example `memory:?max_waiters=1000` or `redis://:secret@cache.lan/2?namespace=shop&lease=10s`. Times
/// are written `500ms`, `10s`, `2min`, `1h`. The options are those of the provider's options struct, which
/// describes them; on Redis `namespace`, `max_waiters`, `connect_timeout` and `lease`, and for TLS
/// `tls_verify`, `tls_ca_file`, `tls_cert_file`, `tls_key_file` and `tls_name`.
///
/// `executor` is where connections run. Nothing is connected yet.
///
/// \throws lock_error invalid_argument: a bad URL, an unknown scheme or option, a bad value, or a backend
/// that was not built; the text says which.
[[nodiscard]] std::unique_ptr<provider> make_provider(const asio::any_io_executor& executor,
                                                      std::string_view url);

} // namespace colock
