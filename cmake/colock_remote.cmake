# colock::remote: what providers outside the process share.
add_library(colock_remote STATIC
    src/remote/channel.cpp
    src/remote/engine.cpp
    src/remote/errands.cpp
    src/remote/hold.cpp
    src/remote/lease_keeper.cpp
    src/remote/leases.cpp
    src/remote/notice.cpp
    src/remote/remote_provider.cpp
    src/remote/server_time.cpp
    src/remote/session_link.cpp
    src/remote/settings.cpp)
add_library(colock::remote ALIAS colock_remote)
target_sources(colock_remote PUBLIC FILE_SET HEADERS BASE_DIRS include FILES include/colock/remote_provider.hpp)
target_include_directories(colock_remote PRIVATE src)
target_link_libraries(colock_remote PUBLIC colock_core)
colock_warnings(colock_remote)
set_target_properties(colock_remote PROPERTIES EXPORT_NAME remote VERIFY_INTERFACE_HEADER_SETS ${COLOCK_BUILD_TESTS})
