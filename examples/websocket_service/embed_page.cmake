# Writes a C++ file with the files of the page in it.
# cmake -D FOLDER=<page> -D OUTPUT=<file.cpp> -P embed_page.cmake
set(media_type_.html "text/html; charset=utf-8")
set(media_type_.css "text/css; charset=utf-8")
set(media_type_.js "text/javascript; charset=utf-8")
set(media_type_.svg "image/svg+xml")
set(media_type_.png "image/png")
set(media_type_.json "application/json")
set(media_type_.webmanifest "application/manifest+json")
set(media_type_.woff2 "font/woff2")

file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT files)
set(arrays "")
set(entries "")
set(number 0)
foreach(file IN LISTS files)
    get_filename_component(extension ${file} LAST_EXT)
    if(NOT DEFINED media_type_${extension})
        message(FATAL_ERROR "the media type of ${file} is not known")
    endif()
    file(READ ${FOLDER}/${file} bytes HEX)
    string(REPEAT "." 64 line) # 32 bytes
    string(REGEX REPLACE "(${line})" "\\1\"\n    \"" bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${bytes}")
    string(APPEND arrays "constexpr char file_${number}[] =\n    \"${bytes}\";\n")
    string(APPEND entries
        "    {\"/${file}\", \"${media_type_${extension}}\", {file_${number}, sizeof file_${number} - 1}},\n")
    math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "// Made from the page's files.
#include \"pages.hpp\"

#include <array>

namespace seat_service {
namespace {

${arrays}
constexpr std::array<page_file, ${number}> files{{
${entries}}};

} // namespace

std::span<const page_file> page_files() noexcept {
    return files;
}

} // namespace seat_service
")
