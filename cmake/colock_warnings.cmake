# Warnings are errors, on our own targets only.
function(colock_warnings target)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Werror)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # g++'s full -Wshadow objects to constructor parameters named like the members they set, and its
        # -Wmismatched-new-delete to the operators of Asio's coroutine frames when it inlines one of the two
        target_compile_options(${target} PRIVATE -Wshadow=local -Wno-mismatched-new-delete)
        if(CMAKE_UNITY_BUILD)
            # It takes a source that is included by another, as there, for a header.
            target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
        endif()
        if(COLOCK_SANITIZE)
            target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized) # false alarms, as its manual says
        endif()
        if(COLOCK_SANITIZE STREQUAL "thread")
            target_compile_options(${target} PRIVATE -Wno-tsan) # Asio's fences, which TSan does not see
        endif()
    else()
        target_compile_options(${target} PRIVATE -Wshadow)
    endif()
endfunction()
