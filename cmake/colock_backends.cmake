# Which backends are built: by default those whose client library is there.
include(colock_find_hiredis)
find_package(OpenSSL QUIET)
if(TARGET colock::hiredis AND OpenSSL_FOUND)
    set(colock_redis_possible ON)
else()
    set(colock_redis_possible OFF)
endif()
option(COLOCK_WITH_REDIS "Build the provider on Redis; needs hiredis and OpenSSL" ${colock_redis_possible})
if(COLOCK_WITH_REDIS AND NOT colock_redis_possible)
    message(FATAL_ERROR
        "COLOCK_WITH_REDIS needs hiredis and OpenSSL (Debian: libhiredis-dev, libssl-dev)")
elseif(NOT COLOCK_WITH_REDIS AND colock_redis_possible)
    message(STATUS "The provider on Redis will not be built: COLOCK_WITH_REDIS is off")
elseif(NOT COLOCK_WITH_REDIS)
    message(STATUS "The provider on Redis will not be built: it needs hiredis and OpenSSL"
        " (Debian: libhiredis-dev, libssl-dev)")
endif()
