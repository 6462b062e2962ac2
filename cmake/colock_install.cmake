include(CMakePackageConfigHelpers)

set(colock_targets colock_asio colock_core colock)
if(COLOCK_WITH_REDIS OR COLOCK_WITH_POSTGRES)
    list(APPEND colock_targets colock_remote)
endif()
if(COLOCK_WITH_POSTGRES)
    list(APPEND colock_targets colock_postgres)
    install(FILES cmake/colock_find_libpq.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/colock)
endif()
if(COLOCK_WITH_REDIS)
    list(APPEND colock_targets colock_asio_ssl colock_redis)
    install(FILES cmake/colock_find_hiredis.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/colock)
endif()
install(TARGETS ${colock_targets} EXPORT colock_targets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET colock_conformance)
    install(TARGETS colock_conformance EXPORT colock_targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endif()
install(EXPORT colock_targets NAMESPACE colock:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/colock
    FILE colock-targets.cmake)
configure_package_config_file(cmake/colock-config.cmake.in colock-config.cmake
    INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/colock)
write_basic_package_version_file(colock-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/colock-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/colock-config-version.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/colock)
