#include "command_line.hpp"
#include "load.hpp"

#include <fstream>
#include <iostream>

int main(int argc, char** argv) {
    using namespace service_load;
    constexpr int unusable = 2;
    const auto complain = [](const std::string& why) {
        std::cerr << "service_load: " << why << " (see --help)\n";
        return unusable;
    };
    command asked;
    try {
        asked = parse({argv + 1, argv + argc});
    } catch (const usage_error& error) {
        return complain(error.what());
    }
    if (!asked.help.empty()) {
        std::cout << asked.help;
        return 0;
    }
    const auto& json = asked.run.json;
    const bool to_file = json && !json->empty() && *json != "-";
    std::ofstream file;
    if (to_file) {
        file.open(*json);
        if (!file)
            return complain("--json: cannot write \"" + *json + '"');
    }

    const report result = run(asked.run);
    if (json)
        (to_file ? file : std::cout) << to_json(result) << std::endl;
    if (!json || to_file)
        std::cout << to_table(result) << std::flush;
    if (!result.failure.empty())
        std::cerr << "service_load: " << result.failure << '\n';
    return result.exit_code();
}
