# Warnings are errors, on our own targets only.
function(colock_warnings target)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Werror)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # g++'s full -Wshadow objects to constructor parameters named like the members they set
        target_compile_options(${target} PRIVATE -Wshadow=local)
        if(COLOCK_SANITIZE STREQUAL "thread")
            target_compile_options(${target} PRIVATE -Wno-tsan) # Asio's fences, which TSan does not see
        endif()
    else()
        target_compile_options(${target} PRIVATE -Wshadow)
    endif()
endfunction()
