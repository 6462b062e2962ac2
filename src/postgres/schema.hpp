#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace colock::postgres {

/// The files of src/postgres/sql, with `@schema@` for the name of the schema.
extern const std::vector<std::string_view> schema_files;

/// Of what the files make. A schema of another version is not touched.
inline constexpr int schema_version = 1;

/// Makes everything, but for the transaction around it.
[[nodiscard]] std::string schema_body(std::string_view schema);

/// Held while the schema is made: by one process at a time.
[[nodiscard]] std::string lock_schema();

} // namespace colock::postgres
