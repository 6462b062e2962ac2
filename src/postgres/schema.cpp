#include "postgres/schema.hpp"

#include "postgres/pq.hpp"

#include <colock/error.hpp>
#include <colock/postgres_provider.hpp>

namespace colock {
namespace postgres {

std::string schema_body(std::string_view schema) {
    constexpr std::string_view placeholder = "@schema@";
    std::string text;
    // IF NOT EXISTS asks for the right to make schemas even where there is one.
    text.append("DO $$BEGIN IF to_regnamespace('").append(schema).append("') IS NULL THEN CREATE SCHEMA ");
    text.append(schema).append("; END IF; END$$;\n");
    for (const std::string_view file : schema_files)
        for (std::size_t at = 0; at < file.size();) {
            const std::size_t next = std::min(file.find(placeholder, at), file.size());
            text.append(file.substr(at, next - at));
            if (next < file.size())
                text.append(schema);
            at = next + placeholder.size();
        }
    text.append("INSERT INTO ").append(schema).append(".version VALUES (");
    return text.append(std::to_string(schema_version)).append(");\n");
}

std::string lock_schema() {
    return "SELECT pg_advisory_xact_lock(7236832140239)";
}

} // namespace postgres

std::string postgres_provider::schema_script(std::string_view schema) {
    if (!postgres::is_plain_name(schema))
        throw lock_error::invalid("\"" + std::string(schema) + "\" cannot be the name of a schema here");
    return "BEGIN;\n" + postgres::lock_schema() + ";\n" + postgres::schema_body(schema) + "COMMIT;\n";
}

} // namespace colock
