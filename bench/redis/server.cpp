#include "server.hpp"

#include <ctime>
#include <stdexcept>

namespace redis_bench {
namespace {

// Of a line of INFO: "<name><number>", with what comes before it on the line.
double number_after(const std::string& text, const std::string& line, const std::string& name) {
    const auto start = text.find(line);
    if (start == std::string::npos)
        return 0;
    const auto at = text.find(name, start);
    return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size()));
}

double cpu_us_of(int process) {
    clockid_t clock{};
    timespec t{};
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &t) != 0)
        throw std::runtime_error("the server's CPU time cannot be read");
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

} // namespace

server::server()
    : client_(process_.connect()), id_(static_cast<int>(number_after(client_.command({"INFO", "server"}).text,
                                                                     "process_id:", "process_id:"))) {}

server_cost server::cost() {
    const std::string stats = client_.command({"INFO", "commandstats"}).text;
    server_cost now;
    now.cpu_us = cpu_us_of(id_);
    now.script_us = number_after(stats, "cmdstat_evalsha:", "usec=");
    now.scripts = static_cast<std::uint64_t>(number_after(stats, "cmdstat_evalsha:", "calls="));
    return now;
}

} // namespace redis_bench
