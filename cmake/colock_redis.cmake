# colock::redis, the provider on Redis.
# The scripts become a source.
set(names acquire leave release extend tick release_all list)
set(folder ${PROJECT_SOURCE_DIR}/src/redis/scripts)
set(files ${names} common record)
list(TRANSFORM files PREPEND ${folder}/)
list(TRANSFORM files APPEND .lua)
set(made ${PROJECT_BINARY_DIR}/redis_scripts.cpp)
add_custom_command(OUTPUT ${made} VERBATIM
    COMMAND ${CMAKE_COMMAND} -D FOLDER=${folder} "-DNAMES=${names}" -D OUTPUT=${made}
        -P ${PROJECT_SOURCE_DIR}/cmake/colock_embed.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/colock_embed.cmake)

add_library(colock_redis STATIC
    src/redis/byte_stream.cpp
    src/redis/check.cpp
    src/redis/codec.cpp
    src/redis/connection.cpp
    src/redis/protocol.cpp
    src/redis/redis_provider.cpp
    ${made})
add_library(colock::redis ALIAS colock_redis)
target_sources(colock_redis PUBLIC FILE_SET HEADERS BASE_DIRS include FILES include/colock/redis_provider.hpp)
target_include_directories(colock_redis PRIVATE src)
target_link_libraries(colock_redis PUBLIC colock_remote PRIVATE colock::hiredis colock_asio_ssl)
colock_warnings(colock_redis)
set_target_properties(colock_redis PROPERTIES EXPORT_NAME redis VERIFY_INTERFACE_HEADER_SETS ${COLOCK_BUILD_TESTS})
