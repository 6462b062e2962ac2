# Installs the library from BUILD, and does what the README tells a user: its project and its first program,
# cut out of the README itself, are built against the package, and must print what the README says.
cmake_minimum_required(VERSION 3.24)

# cut(<variable> <heading> <language>): the first block in that language after the heading.
function(cut variable heading language)
    set(rest "${readme}")
    foreach(mark "\n## ${heading}\n" "\n```${language}\n")
        string(FIND "${rest}" "${mark}" at)
        if(at EQUAL -1)
            message(FATAL_ERROR "README.md: there is no ```${language} block under \"${heading}\"")
        endif()
        string(LENGTH "${mark}" length)
        math(EXPR at "${at} + ${length} - 1") # its last newline may begin the next mark
        string(SUBSTRING "${rest}" ${at} -1 rest)
    endforeach()
    string(FIND "${rest}" "\n```\n" end)
    string(SUBSTRING "${rest}" 1 ${end} block) # from after that newline to the one before the end, inclusive
    set(${variable} "${block}" PARENT_SCOPE)
endfunction()

# run(<what> <command>...): the command must succeed; sets `printed`.
function(run what)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE err TIMEOUT 200)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${what} failed (${result}):\n${out}${err}")
    endif()
    set(printed "${out}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})
file(READ ${README} readme)
cut(program "A first program" cpp)
cut(expected "A first program" text)
cut(project "Use it in your project" cmake)
file(WRITE ${WORK}/shop/main.cpp "${program}")
file(WRITE ${WORK}/shop/CMakeLists.txt "${project}")

run("Installing colock" ${CMAKE_COMMAND} --install ${BUILD} --config ${CONFIG} --prefix ${WORK}/prefix)
run("Configuring the README's project" ${CMAKE_COMMAND} -S ${WORK}/shop -B ${WORK}/build -G ${GENERATOR}
    -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_BUILD_TYPE=${CONFIG} -D CMAKE_PREFIX_PATH=${WORK}/prefix
    "-DCMAKE_CXX_FLAGS=${FLAGS} -Wall -Wextra -Werror -Wno-mismatched-new-delete")
run("Building the README's first program" ${CMAKE_COMMAND} --build ${WORK}/build --config ${CONFIG})
find_program(shop shop PATHS ${WORK}/build ${WORK}/build/${CONFIG} NO_DEFAULT_PATH REQUIRED)
run("Running the README's first program" ${shop})
if(NOT printed STREQUAL expected)
    message(FATAL_ERROR "The README's first program printed\n${printed}but the README says\n${expected}")
endif()
