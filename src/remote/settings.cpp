#include "remote/settings.hpp"

namespace colock::remote {

using namespace std::chrono_literals;

void refuse_option(std::string_view backend, std::string_view option, std::string_view why) {
    std::string text("the ");
    text.append(backend).append(" option \"").append(option).append("\" ").append(why);
    throw lock_error::invalid(text);
}

engine_settings settings_of(std::string_view backend, duration connect_timeout, duration lease) {
    if (connect_timeout < 1ms || connect_timeout > 1h)
        refuse_option(backend, "connect_timeout", "must be between 1 ms and 1 h");
    if (lease < 100ms)
        refuse_option(backend, "lease", "must be at least 100 ms");
    engine_settings settings;
    settings.channel.connect_timeout = connect_timeout;
    settings.longest_lease = lease;
    return settings;
}

} // namespace colock::remote
