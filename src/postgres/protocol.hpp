#pragma once

#include "postgres/pq.hpp"
#include "remote/notice.hpp"
#include "remote/server_time.hpp"

#include <array>
#include <vector>

namespace colock::postgres {

/// A function of the schema; each is a file of src/postgres/sql.
struct function {
    std::string_view name;
    std::string_view parameters; ///< as placeholders with their types
};

enum class function_id : unsigned char { acquire, leave, release, extend, tick, release_all, list, none };
inline constexpr std::size_t function_count = 7;
extern const std::array<function, function_count> functions;

/// Under which name it is prepared, and the statement that calls it.
[[nodiscard]] std::string prepared_name(function_id id);
[[nodiscard]] std::string statement_text(function_id id, std::string_view schema);

/// What all statements of a provider need.
struct dialect {
    std::string schema;
    std::string name_space;
    std::int64_t origin = 0;
    std::int64_t max_waiters = 0;

    /// Where notifications for this process arrive.
    [[nodiscard]] std::string channel() const;
};

/// A call of a function with its parameters, or a statement in SQL that has none.
struct call {
    function_id function = function_id::none;
    std::string text; ///< if it is no function
    std::vector<std::optional<std::string>> parameters;
};

/// `link`: the number of the connection it is written to. `observed`: events are to be told.
[[nodiscard]] call encode(const dialect& with, const remote::operation& what,
                          const remote::server_clock& clock, std::uint64_t link, bool observed);

/// Understands the answer to an operation; `server_time` is zero where it does not tell.
/// \throws std::runtime_error one that cannot be understood
[[nodiscard]] remote::reply decode(const remote::operation& what, const PGresult& answer,
                                   std::int64_t& server_time, remote::side_effects& besides);

} // namespace colock::postgres
