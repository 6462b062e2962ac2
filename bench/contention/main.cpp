#include "program.hpp"

#include <colock/make_provider.hpp>

#include <iostream>
#include <unistd.h>

int main(int argc, char** argv) {
    std::ostream* terminal = isatty(STDERR_FILENO) != 0 ? &std::cerr : nullptr;
    return contention::run_program({argv + 1, argv + argc}, colock::make_provider, std::cout, std::cerr,
                                   terminal);
}
