# The target colock::libpq, if the library is there, and has pipelines (14 or later). No find_package(PostgreSQL): that
# wants the server's headers, too.
find_path(colock_libpq_headers libpq-fe.h PATH_SUFFIXES postgresql)
find_library(colock_libpq_library pq)
mark_as_advanced(colock_libpq_headers colock_libpq_library)
if(colock_libpq_headers AND colock_libpq_library AND NOT TARGET colock::libpq)
    file(STRINGS ${colock_libpq_headers}/libpq-fe.h colock_libpq_pipeline REGEX "LIBPQ_HAS_PIPELINING")
    if(colock_libpq_pipeline)
        add_library(colock::libpq INTERFACE IMPORTED)
        target_include_directories(colock::libpq INTERFACE ${colock_libpq_headers})
        target_link_libraries(colock::libpq INTERFACE ${colock_libpq_library})
    endif()
endif()
