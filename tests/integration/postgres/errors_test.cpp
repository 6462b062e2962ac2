// What does not work says so, as what it is, and in time.
#include "postgres_frames.hpp"
#include "stage.hpp"

BOOST_AUTO_TEST_SUITE(errors)

using namespace colock_test;

std::string text_of(const std::string& url) {
    return client(url).check_unavailable(1s);
}

void check_works(const std::string& url) {
    const client made(url);
    scene s(made.who, "errors");
    BOOST_CHECK(s.is_free("a"));
}

BOOST_AUTO_TEST_CASE(passwords) {
    postgres_server server(
        {.access = "host all app 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust"});
    auto sql = server.connect();
    sql.query("CREATE ROLE app LOGIN PASSWORD 'right'; GRANT CREATE ON DATABASE postgres TO app");
    const auto bad = text_of(server.url("password=wr0ng&connect_timeout=1s", "app"));
    BOOST_CHECK(contains(bad, "password authentication failed"));
    BOOST_CHECK(!contains(bad, "wr0ng"));
    BOOST_CHECK(contains(text_of(server.url("connect_timeout=1s", "app")), "no password supplied"));
    check_works(server.url("password=right", "app"));
    check_works(server.url("", "app:right"));
}

BOOST_AUTO_TEST_CASE(there_is_no_such_database_role_or_host) {
    const auto& server = shared_server();
    BOOST_CHECK(
        contains(text_of(server.url("dbname=nowhere&connect_timeout=1s")), "\"nowhere\" does not exist"));
    BOOST_CHECK(contains(text_of(server.url("connect_timeout=1s", "nobody")), "\"nobody\" does not exist"));
    (void)text_of("postgresql://no-such-host.invalid:1/postgres?connect_timeout=1s");
}

// As a standby is.
BOOST_AUTO_TEST_CASE(a_server_that_takes_no_writes_is_passed_over) {
    const postgres_server standby({.settings = {"default_transaction_read_only=on"}});
    BOOST_CHECK(contains(text_of(standby.url("connect_timeout=1s")), "session is read-only"));
    check_works("postgresql://postgres@127.0.0.1:" + std::to_string(standby.port()) +
                ",127.0.0.1:" + std::to_string(shared_server().port()) + "/postgres");
}

BOOST_AUTO_TEST_CASE(nobody_listens_there) {
    BOOST_CHECK(contains(text_of(postgres_server::url_of(free_port(), "connect_timeout=1s")), "refused"));
}

BOOST_AUTO_TEST_CASE(who_listens_says_nothing) {
    fault_proxy proxy(shared_server().port(), postgres_wire);
    proxy.freeze();
    (void)text_of(postgres_server::url_of(proxy.port(), "connect_timeout=1s"));
}

BOOST_AUTO_TEST_CASE(who_listens_is_no_postgres) {
    asio::io_context io;
    asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    const auto port = acceptor.local_endpoint().port();
    const auto talk = [&]() -> asio::awaitable<void> {
        const std::string text = "HTTP/1.1 400 Bad Request\r\n\r\n";
        for (;;) {
            auto socket = co_await acceptor.async_accept(asio::use_awaitable);
            co_await socket.async_write_some(asio::buffer(text), asio::use_awaitable);
        }
    };
    asio::co_spawn(io, talk(), [](std::exception_ptr) {});
    std::thread running([&] { io.run(); });
    (void)text_of(postgres_server::url_of(port, "connect_timeout=1s"));
    io.stop();
    running.join();
}

BOOST_AUTO_TEST_CASE(a_server_that_takes_no_writes) {
    postgres_server server;
    auto sql = server.connect();
    sql.query("ALTER DATABASE postgres SET default_transaction_read_only = on");
    BOOST_CHECK(contains(text_of(server.url("connect_timeout=1s")), "read-only"));
    sql.query("SET default_transaction_read_only = off");
    sql.query("ALTER DATABASE postgres RESET default_transaction_read_only");
    check_works(server.url());
}

BOOST_AUTO_TEST_CASE(a_server_that_is_full) {
    postgres_server server({.settings = {"max_connections=6", "superuser_reserved_connections=3"}});
    auto sql = server.connect();
    sql.query("CREATE ROLE app LOGIN; GRANT CREATE ON DATABASE postgres TO app");
    {
        std::vector<postgres_client> others;
        for (int i = 0; i < 2; ++i)
            others.emplace_back(server.url({}, "app"));
        BOOST_CHECK(contains(text_of(server.url("connect_timeout=1s", "app")), "remaining connection slots"));
    }
    // Calls do without notifications when there is one connection only.
    const client made(server.url("connect_timeout=5s", "app"));
    scene s(made.who, "errors");
    postgres_client other(server.url({}, "app"));
    auto held = s.now(s.locks->lock("a", {.wait = 10s}));
    auto waiting = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    BOOST_CHECK(s.now(held.release()));
    BOOST_CHECK(s.now(s.finish(waiting).release()));
}

BOOST_AUTO_TEST_CASE(by_unix_socket) {
    postgres_server server({.settings = {"unix_socket_directories=.", "unix_socket_permissions=0777"}});
    check_works("postgresql://postgres@/postgres?host=" + server.folder() +
                "/data&port=" + std::to_string(server.port()));
}

BOOST_AUTO_TEST_CASE(several_hosts_of_which_one_answers) {
    const auto port = std::to_string(shared_server().port());
    check_works("postgresql://postgres@127.0.0.1:" + std::to_string(free_port()) + ",127.0.0.1:" + port +
                "/postgres?connect_timeout=5s");
}

BOOST_AUTO_TEST_SUITE_END()
