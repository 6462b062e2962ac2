#include <colock/postgres_transaction.hpp>

#include "postgres/pq.hpp"

#include <colock/error.hpp>

namespace colock::postgres {
namespace {

std::string prefix(location where) {
    if (!is_plain_name(where.schema))
        throw lock_error::invalid("\"" + std::string(where.schema) +
                                  "\" cannot be the name of a schema here");
    std::string text = "SELECT ";
    return text.append(where.schema).append(1, '.');
}

std::string to_array(const key_set& keys) {
    array_text text;
    for (const std::string_view key : keys)
        text.add(key);
    return std::move(text).finish();
}

result_ptr carry_out(PGconn* connection, const statement& what, const key_set& keys, std::string_view refusal,
                     errc meant) {
    const char* values[3] = {};
    for (int i = 0; i < what.parameter_count; ++i)
        values[i] = what.parameters[static_cast<std::size_t>(i)].c_str();
    result_ptr answer(PQexecParams(connection, what.text.c_str(), what.parameter_count, nullptr, values,
                                   nullptr, nullptr, 0));
    if (PQresultStatus(answer.get()) == PGRES_TUPLES_OK)
        return answer;
    const std::string text = one_line(PQerrorMessage(connection));
    if (answer && sqlstate(*answer) == refusal)
        throw lock_error(meant, text, keys);
    throw lock_error(errc::provider_unavailable, text, keys);
}

} // namespace

statement verify_statement(const grant& held, location where) {
    if (!held)
        throw lock_error::invalid("an empty grant cannot be verified");
    statement made;
    made.text = prefix(where) + "verify($1::text, $2::bytea[], $3::int8)";
    made.parameters = {std::string(where.name_space), to_array(held.keys()),
                       std::to_string(static_cast<std::int64_t>(held.token()))};
    made.parameter_count = 3;
    return made;
}

statement take_statement(const key_set& keys, location where) {
    statement made;
    made.text = prefix(where) + "take($1::text, VARIADIC $2::bytea[])";
    made.parameters = {std::string(where.name_space), to_array(keys), {}};
    made.parameter_count = 2;
    return made;
}

void verify(pg_conn* connection, const grant& held, location where) {
    (void)carry_out(connection, verify_statement(held, where), held.keys(), "CL001", errc::lease_lost);
}

std::uint64_t take(pg_conn* connection, const key_set& keys, location where) {
    const result_ptr answer =
        carry_out(connection, take_statement(keys, where), keys, "55P03", errc::already_locked);
    return static_cast<std::uint64_t>(number_at(*answer, 0, 0));
}

} // namespace colock::postgres
