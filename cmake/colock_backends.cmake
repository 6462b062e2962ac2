# Which backends are built: by default those whose client library is there.

# colock_backend(<name> <its name for people> <whether it can be built> <what it needs>) sets COLOCK_WITH_<name>. No
# cached option, for the libraries may be installed later.
macro(colock_backend name title possible needs)
    if(NOT DEFINED COLOCK_WITH_${name})
        set(COLOCK_WITH_${name} ${possible})
    endif()
    if(COLOCK_WITH_${name} AND NOT ${possible})
        message(FATAL_ERROR "COLOCK_WITH_${name} needs ${needs}")
    elseif(NOT COLOCK_WITH_${name} AND ${possible})
        message(STATUS "The provider on ${title} will not be built: COLOCK_WITH_${name} is off")
    elseif(NOT COLOCK_WITH_${name})
        message(STATUS "The provider on ${title} will not be built: it needs ${needs}")
    endif()
endmacro()

include(colock_find_hiredis)
find_package(OpenSSL QUIET)
if(TARGET colock::hiredis AND OpenSSL_FOUND)
    set(colock_redis_possible ON)
else()
    set(colock_redis_possible OFF)
endif()
colock_backend(REDIS Redis ${colock_redis_possible} "hiredis and OpenSSL (Debian: libhiredis-dev, libssl-dev)")

include(colock_find_libpq)
if(TARGET colock::libpq)
    set(colock_postgres_possible ON)
else()
    set(colock_postgres_possible OFF)
endif()
colock_backend(POSTGRES PostgreSQL ${colock_postgres_possible} "libpq 14 or later (Debian: libpq-dev)")
