# Which backends are built: by default those whose client library is there.
include(colock_find_hiredis)
find_package(OpenSSL QUIET)
if(TARGET colock::hiredis AND OpenSSL_FOUND)
    set(colock_redis_possible ON)
else()
    set(colock_redis_possible OFF)
endif()
# COLOCK_WITH_REDIS: build the provider on Redis. No cached option, for the libraries may be installed later.
if(NOT DEFINED COLOCK_WITH_REDIS)
    set(COLOCK_WITH_REDIS ${colock_redis_possible})
endif()
if(COLOCK_WITH_REDIS AND NOT colock_redis_possible)
    message(FATAL_ERROR
        "COLOCK_WITH_REDIS needs hiredis and OpenSSL (Debian: libhiredis-dev, libssl-dev)")
elseif(NOT COLOCK_WITH_REDIS AND colock_redis_possible)
    message(STATUS "The provider on Redis will not be built: COLOCK_WITH_REDIS is off")
elseif(NOT COLOCK_WITH_REDIS)
    message(STATUS "The provider on Redis will not be built: it needs hiredis and OpenSSL"
        " (Debian: libhiredis-dev, libssl-dev)")
endif()
