#include "stage.hpp"

#include "resp_frames.hpp"

namespace colock_test {
namespace {

redis_server& shared_server() {
    static redis_server one;
    return one;
}

} // namespace

redis_behind_stage::redis_behind_stage(const stage_options& how)
    : own(how.own_server ? std::optional<redis_server>(std::in_place, how.server_options) : std::nullopt),
      server(own ? &*own : &shared_server()) {}

stage::stage(const options& how)
    : redis_behind_stage(how),
      network_stage({.name = "redis",
                     .port = redis_behind_stage::server->port(),
                     .spoken = resp,
                     .url = redis_server::url_of,
                     .written = [](std::string_view key) { return std::string(key); }},
                    how.query) {}

bool stage::is_clean() {
    auto redis = server().connect();
    const std::string prefix = '{' + name_space() + "}:";
    for (const auto& key : redis.keys()) {
        if (!key.starts_with(prefix))
            continue;
        const auto rest = key.substr(prefix.size());
        const bool last_token =
            rest == "locks" && redis.number({"HLEN", key}) == 1 && redis.number({"HEXISTS", key, ""}) == 1;
        const bool goes_by_itself = (rest == "spent" || rest == "alive") && redis.number({"PTTL", key}) > 0;
        if (!last_token && !goes_by_itself) {
            BOOST_TEST_MESSAGE("left: " << key);
            return false;
        }
    }
    return true;
}

void stage::until_listening() {
    auto redis = server().connect();
    s.until([&] { return !redis.clients(true).empty(); }, "it had subscribed");
}

std::string address(const redis_server& server, const std::string& user, const std::string& rest) {
    return "redis://" + user + "127.0.0.1:" + std::to_string(server.port()) + rest;
}

} // namespace colock_test
