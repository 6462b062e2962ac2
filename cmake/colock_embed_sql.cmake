# Turns SQL files into a C++ source: cmake -D FILES= -D OUTPUT= -P colock_embed_sql.cmake.
set(source "// Made from src/postgres/sql; see the files there.\n#include \"postgres/schema.hpp\"\n\n")
string(APPEND source "namespace colock::postgres {\n\nconst std::vector<std::string_view> schema_files{\n")
foreach(file IN LISTS FILES)
    file(READ ${file} text)
    string(APPEND source "    R\"sql(${text})sql\",\n") # a literal may have 64 kB at most with every compiler
endforeach()
string(APPEND source "};\n\n} // namespace colock::postgres\n")
file(WRITE ${OUTPUT} "${source}")
