# Runs PROGRAM: its exit codes, and that programs can read its JSON.
cmake_minimum_required(VERSION 3.24)

execute_process(COMMAND ${PROGRAM} --threads 2 --shared 0.3 --warm-up 10ms --duration 100ms --json
    RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE err TIMEOUT 30)
if(NOT result EQUAL 0 OR NOT err STREQUAL "") # no terminal: no progress
    message(FATAL_ERROR "exit code ${result}, standard error:\n${err}")
endif()
string(JSON operations GET "${out}" operations)
string(JSON p99 GET "${out}" wait_ns p99)
string(JSON overlaps GET "${out}" invariants overlaps)
if(NOT operations GREATER 0 OR NOT p99 GREATER 0 OR NOT overlaps EQUAL 0)
    message(FATAL_ERROR "these figures cannot be: ${out}")
endif()

execute_process(COMMAND ${PROGRAM} --coroutines none
    RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE err TIMEOUT 30)
if(NOT result EQUAL 2 OR NOT out STREQUAL "" OR NOT err MATCHES "^contention: --coroutines: [^\n]+\n$")
    message(FATAL_ERROR "exit code ${result} for a bad option, output:\n${out}${err}")
endif()

# Ctrl-C ends the run at once, and it reports. (timeout is of Debian's coreutils.)
execute_process(COMMAND timeout --preserve-status --signal INT 1 ${PROGRAM} --duration 1h --think exp:1h --json
    RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE err TIMEOUT 30)
string(JSON interrupted ERROR_VARIABLE no_json GET "${out}" interrupted)
if(NOT result EQUAL 0 OR no_json OR NOT interrupted)
    message(FATAL_ERROR "exit code ${result} after a signal, output:\n${out}${err}")
endif()
