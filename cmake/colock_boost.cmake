# What Boost has as headers only, compiled once for whoever links it. All of a program must link the same: two ways to
# compile Beast in one program disagree about its error codes. Built where something needs it.
find_package(OpenSSL QUIET)

add_library(colock_json STATIC EXCLUDE_FROM_ALL src/separate_compilation/json.cpp)
target_link_libraries(colock_json PUBLIC Boost::headers)
target_compile_features(colock_json PUBLIC cxx_std_20)

add_library(colock_beast STATIC EXCLUDE_FROM_ALL src/separate_compilation/beast.cpp)
target_compile_definitions(colock_beast PUBLIC BOOST_BEAST_SEPARATE_COMPILATION)
target_link_libraries(colock_beast PUBLIC colock_asio)

if(OPENSSL_FOUND)
    add_library(colock_asio_ssl STATIC src/separate_compilation/asio_ssl.cpp)
    target_link_libraries(colock_asio_ssl PUBLIC colock_asio OpenSSL::SSL)
    set_target_properties(colock_asio_ssl PROPERTIES EXPORT_NAME asio_ssl)
endif()
