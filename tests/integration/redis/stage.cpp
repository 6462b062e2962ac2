#include "stage.hpp"

namespace colock_test {
namespace {

redis_server& shared_server() {
    static redis_server one;
    return one;
}

std::string new_name_space() {
    static std::atomic<int> count{0};
    return "test-" + std::to_string(++count);
}

} // namespace

stage::stage(options how)
    : how_(std::move(how)),
      own_(how_.own_server ? std::optional<redis_server>(std::in_place, how_.server_options) : std::nullopt),
      server_(own_ ? &*own_ : &shared_server()), name_space_(new_name_space()),
      proxy(server_->port()), who_{.name = "redis",
                                   .make =
                                       [this](const boost::asio::any_io_executor& executor,
                                              const colock::conformance::case_setup&) {
                                           return colock::make_provider(executor, url_of(proxy.port()));
                                       },
                                   .lacks = {},
                                   .unit = 50ms,
                                   .precision = 1ms},
      s(who_, name_space_) {}

std::string stage::url_of(std::uint16_t port) const {
    std::string query = "namespace=" + name_space_;
    if (!how_.query.empty())
        query += '&' + how_.query;
    return redis_server::url_of(port, query);
}

std::unique_ptr<colock::locking_service> stage::straight() {
    auto made = std::make_unique<colock::locking_service>(s.io.get_executor());
    made->add_provider("straight", colock::make_provider(s.io.get_executor(), url()));
    return made;
}

bool stage::is_clean() {
    auto redis = server_->connect();
    const std::string prefix = '{' + name_space_ + "}:";
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

std::vector<std::string> stage::until_said(agent_process& who, const std::string& call) {
    std::optional<std::vector<std::string>> said;
    s.until(
        [&] {
            said = who.answer(call, 0ms);
            return said.has_value();
        },
        "another process said something");
    return *said;
}

} // namespace colock_test
