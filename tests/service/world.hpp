#pragma once

#include "server.hpp"
#include "ws_client/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace seat_test {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using seat_service::settings;

/// Settings of a server that tests start: a free port, no waiting for payments, quick to give up.
[[nodiscard]] settings quick();

/// A server in this process, with threads of its own, that is stopped in order at the end.
class running_server {
public:
    explicit running_server(settings how = quick());
    ~running_server();

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url() const { return url_; }
    [[nodiscard]] seat_service::service& shared() { return server_->shared(); }
    void begin_stop(); ///< and let it go on while the test looks
    void await_stop();

private:
    asio::io_context io_;
    std::optional<seat_service::server> server_;
    std::vector<std::jthread> threads_;
    std::uint16_t port_ = 0;
    std::string url_;
    bool stopping_ = false;
};

/// A server and clients of it; the clients live on this thread, and nothing happens to them but in run().
class world {
public:
    explicit world(settings how = quick()) : server(std::move(how)) {}

    /// Runs a coroutine to its end, and returns or throws its outcome.
    template<class T>
    T run(asio::awaitable<T> work) {
        std::exception_ptr error;
        bool done = false;
        std::conditional_t<std::is_void_v<T>, std::monostate, std::optional<T>> result;
        if constexpr (std::is_void_v<T>)
            asio::co_spawn(io, std::move(work), [&](std::exception_ptr e) {
                error = e;
                done = true;
            });
        else
            asio::co_spawn(io, std::move(work), [&](std::exception_ptr e, T value) {
                error = e;
                result = std::move(value);
                done = true;
            });
        io.restart();
        while (!done)
            io.run_one();
        if (error)
            std::rethrow_exception(error);
        if constexpr (!std::is_void_v<T>)
            return std::move(*result);
    }

    /// A client that is connected, and has said nothing.
    [[nodiscard]] ws::client connect(ws::client_options how = {});
    /// One that has said hello.
    [[nodiscard]] ws::client visitor(const std::string& name, const std::string& secret = {});

    ws::reply ask(ws::client& who, std::string operation, std::string members = {}) {
        return run(who.request(std::move(operation), std::move(members)));
    }
    /// Sends a text that is no request; what comes back.
    ws::reply tell(ws::client& who, std::string text);
    ws::reply event(ws::client& who, std::string name) { return run(who.next_event(std::move(name))); }
    /// The next event of that name that `wanted` holds for; those before it are dropped.
    ws::reply event(ws::client& who, const std::string& name,
                    const std::function<bool(const ws::reply&)>& wanted);

    /// Waits until the server has nothing of clients left but so many connections, or fails the test.
    void await_connections(std::size_t count);
    /// Waits for something in the server that no message tells.
    void await(const std::function<bool()>& condition, const char* what);

    running_server server;
    asio::io_context io;
};

/// A member of an event, and the like.
[[nodiscard]] const boost::json::value& member(const ws::reply& of, const char* pointer);
[[nodiscard]] std::string quoted(const std::string& text);

} // namespace seat_test
