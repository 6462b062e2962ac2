#include "world.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <future>

namespace seat_test {

settings quick() {
    settings how;
    how.port = 0;
    how.threads = 2;
    how.payment = 0ms;
    how.drain_time = 2s;
    how.log_level = "off";
    return how;
}

running_server::running_server(settings how) {
    const unsigned threads = how.threads;
    server_.emplace(io_, std::move(how));
    port_ = server_->port();
    url_ = server_->url();
    server_->start();
    for (unsigned i = 0; i < threads; ++i)
        threads_.emplace_back([this] { io_.run(); });
}

running_server::~running_server() {
    begin_stop();
    await_stop();
}

void running_server::begin_stop() {
    if (!std::exchange(stopping_, true))
        asio::co_spawn(io_, server_->stop(), [this](const std::exception_ptr&) { io_.stop(); });
}

void running_server::await_stop() {
    threads_.clear();
}

ws::client world::connect(ws::client_options how) {
    how.port = server.port();
    ws::client result(io.get_executor(), std::move(how));
    run(result.connect());
    return result;
}

ws::client world::visitor(const std::string& name, const std::string& secret) {
    ws::client result = connect();
    std::string members = R"("protocol": 1, "name": )" + quoted(name);
    if (!secret.empty())
        members += R"(, "secret": )" + quoted(secret);
    BOOST_TEST_REQUIRE(ask(result, "hello", members).ok());
    return result;
}

ws::reply world::tell(ws::client& who, std::string text) {
    who.send_text(std::move(text));
    return run(who.next_stray());
}

ws::reply world::event(ws::client& who, const std::string& name,
                       const std::function<bool(const ws::reply&)>& wanted) {
    for (;;) {
        ws::reply next = event(who, name);
        if (wanted(next))
            return next;
    }
}

void world::await_connections(std::size_t count) {
    await([&] { return server.shared().connections() == count; }, "the number of connections");
}

void world::await(const std::function<bool()>& condition, const char* what) {
    const auto look = [&]() -> asio::awaitable<bool> {
        asio::steady_timer pause(io);
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (!condition() && std::chrono::steady_clock::now() < end) {
            pause.expires_after(2ms);
            co_await pause.async_wait(asio::use_awaitable);
        }
        co_return condition();
    };
    BOOST_TEST_REQUIRE(run(look()), "waited in vain for " << what);
}

const boost::json::value& member(const ws::reply& of, const char* pointer) {
    static const boost::json::value none;
    const boost::json::value* at = nullptr;
    boost::system::error_code missing;
    // Pointers work on values; the message is an object.
    const std::string path(pointer);
    const std::size_t end = std::min(path.find('/', 1), path.size());
    at = of.message().if_contains(path.substr(1, end - 1));
    if (at && end < path.size())
        at = at->find_pointer(path.substr(end), missing);
    BOOST_TEST_REQUIRE(at != nullptr, "there is no " << pointer << " in " << of.to_text());
    return *at;
}

std::string quoted(const std::string& text) {
    return boost::json::serialize(boost::json::string(text));
}

} // namespace seat_test
