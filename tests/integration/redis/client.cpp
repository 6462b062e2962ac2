#include "client.hpp"

namespace colock_test {

client::client(const std::string& url) {
    who.name = "redis";
    who.make = [url](const asio::any_io_executor& executor, const colock::conformance::case_setup&) {
        return colock::make_provider(executor, url);
    };
}

std::string client::check_unavailable(colock::duration limit) {
    scene s(who, "errors");
    const auto before = time::now();
    auto call = s.start(s.locks->acquire("a", {.wait = limit / 2}));
    BOOST_CHECK_EQUAL(s.error_of(call), make_error_code(errc::provider_unavailable));
    BOOST_CHECK(time::now() - before < limit / 2 + slack);
    auto second = s.start(s.locks->try_lock("a"));
    BOOST_CHECK_EQUAL(s.error_of(second), make_error_code(errc::provider_unavailable));
    BOOST_CHECK(time::now() - before < 3 * limit / 2 + 2 * slack);
    try {
        second.get();
    } catch (const std::exception& e) {
        BOOST_TEST_MESSAGE(e.what());
        return e.what();
    }
    return {};
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::string address(const redis_server& server, const std::string& user, const std::string& rest) {
    return "redis://" + user + "127.0.0.1:" + std::to_string(server.port()) + rest;
}

} // namespace colock_test
