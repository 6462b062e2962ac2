# Turns Lua scripts into a C++ source: embed.cmake -D FOLDER= -D NAMES= -D OUTPUT=. A line "--@include <file>" is
# replaced by that file.
set(source "// Made from src/redis/scripts; see the files there.\n#include \"redis/scripts.hpp\"\n\nnamespace colock::redis {\n\n")
string(APPEND source "const script scripts[script_count] = {\n")
foreach(name IN LISTS NAMES)
    file(READ ${FOLDER}/${name}.lua text)
    while(text MATCHES "--@include ([^\n]+)")
        set(line "${CMAKE_MATCH_0}")
        file(READ ${FOLDER}/${CMAKE_MATCH_1} included)
        string(REPLACE "${line}" "${included}" text "${text}")
    endwhile()
    string(SHA1 sha "${text}")
    # a literal may have 64 kB at most with every compiler; these have less
    string(APPEND source "    {\"${name}\", \"${sha}\", R\"lua(${text})lua\"},\n")
endforeach()
string(APPEND source "};\n\n} // namespace colock::redis\n")
file(WRITE ${OUTPUT} "${source}")
