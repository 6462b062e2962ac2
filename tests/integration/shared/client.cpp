#include "client.hpp"

namespace colock_test {

client::client(const std::string& url) {
    who.name = "remote";
    who.make = [url](const asio::any_io_executor& executor, const colock::conformance::case_setup&) {
        return colock::make_provider(executor, url);
    };
}

std::string client::check_unavailable(colock::duration limit) {
    std::string text;
    bool in_time = false;
    for (int tries = 0; tries < 3 && !in_time; ++tries) { // the machine may be busy
        scene s(who, "errors");
        const auto before = time::now();
        auto call = s.start(s.locks->acquire("a", {.wait = limit / 2}));
        BOOST_CHECK_EQUAL(s.error_of(call), make_error_code(errc::provider_unavailable));
        const auto first = time::now() - before;
        auto second = s.start(s.locks->try_lock("a"));
        BOOST_CHECK_EQUAL(s.error_of(second), make_error_code(errc::provider_unavailable));
        in_time =
            first < limit / 2 + slack(before) && time::now() - before < 3 * limit / 2 + 2 * slack(before);
        try {
            second.get();
        } catch (const std::exception& e) {
            text = e.what();
        }
    }
    BOOST_CHECK(in_time);
    BOOST_TEST_MESSAGE(text);
    return text;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace colock_test
