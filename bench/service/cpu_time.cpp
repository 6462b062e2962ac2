#include "cpu_time.hpp"

#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace service_load {

std::chrono::nanoseconds cpu_time_of(int process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string text;
    std::getline(file, text);
    // The name may contain anything, but ends with the last parenthesis. What follows is as in proc(5).
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos)
        throw std::runtime_error("there is no process " + std::to_string(process));
    std::istringstream fields(text.substr(name_end + 1));
    constexpr int before_times = 11;
    std::string skipped;
    for (int i = 0; i < before_times; ++i)
        fields >> skipped;
    std::int64_t user = 0;
    std::int64_t system = 0;
    fields >> user >> system;
    return std::chrono::nanoseconds(1'000'000'000 / sysconf(_SC_CLK_TCK) * (user + system));
}

} // namespace service_load
