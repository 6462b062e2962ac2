# colock::postgres, the provider on PostgreSQL.

# The SQL becomes a source, one literal a file: together they make the schema.
set(files tables common acquire leave release extend tick release_all list transactions)
list(TRANSFORM files PREPEND ${PROJECT_SOURCE_DIR}/src/postgres/sql/)
list(TRANSFORM files APPEND .sql)
set(made ${PROJECT_BINARY_DIR}/postgres_sql.cpp)
add_custom_command(OUTPUT ${made} VERBATIM
    COMMAND ${CMAKE_COMMAND} "-DFILES=${files}" -D OUTPUT=${made} -P ${PROJECT_SOURCE_DIR}/cmake/colock_embed_sql.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/colock_embed_sql.cmake)

add_library(colock_postgres STATIC
    src/postgres/batch.cpp
    src/postgres/check.cpp
    src/postgres/connection.cpp
    src/postgres/opening.cpp
    src/postgres/pq.cpp
    src/postgres/postgres_provider.cpp
    src/postgres/protocol.cpp
    src/postgres/schema.cpp
    src/postgres/transaction.cpp
    ${made})
add_library(colock::postgres ALIAS colock_postgres)
target_sources(colock_postgres PUBLIC FILE_SET HEADERS BASE_DIRS include FILES
    include/colock/postgres_provider.hpp
    include/colock/postgres_transaction.hpp)
target_include_directories(colock_postgres PRIVATE src)
target_link_libraries(colock_postgres PUBLIC colock_remote PRIVATE colock::libpq)
colock_warnings(colock_postgres)
set_target_properties(colock_postgres PROPERTIES
    EXPORT_NAME postgres VERIFY_INTERFACE_HEADER_SETS ${COLOCK_BUILD_TESTS})
