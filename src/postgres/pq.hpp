#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// libpq's objects, and how values are written for them and read from them, as text.

namespace colock::postgres {

struct pq_closer {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
    void operator()(PGresult* result) const noexcept { PQclear(result); }
    void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
    void operator()(void* memory) const noexcept { PQfreemem(memory); }
};
using connection_ptr = std::unique_ptr<PGconn, pq_closer>;
using result_ptr = std::unique_ptr<PGresult, pq_closer>;

/// Without the line breaks that libpq puts at the end and between the lines.
[[nodiscard]] std::string one_line(std::string_view message);

/// The SQLSTATE of an error; empty if the server did not tell one.
[[nodiscard]] std::string_view sqlstate(const PGresult& error) noexcept;

// ---- reading ----

[[nodiscard]] std::string_view text_at(const PGresult& from, int row, int column) noexcept;
/// Zero for NULL.
[[nodiscard]] std::int64_t number_at(const PGresult& from, int row, int column) noexcept;
/// The bytes of a bytea; empty for NULL.
[[nodiscard]] std::string bytes_at(const PGresult& from, int row, int column);

// ---- writing ----

[[nodiscard]] std::string to_bytea(std::string_view bytes);

/// `{first,second,...}`, for elements that need no quotes or bring them.
class array_text {
public:
    void add(std::int64_t number);
    void add(std::string_view bytes); ///< as a bytea
    [[nodiscard]] std::string finish() && {
        text_ += '}';
        return std::move(text_);
    }

private:
    void separate();
    std::string text_ = "{";
};

/// Whether it can be the name of a schema here: lower-case letters, digits and `_`, so that it needs no
/// quotes anywhere.
[[nodiscard]] bool is_plain_name(std::string_view name) noexcept;

} // namespace colock::postgres
