// What does not work says so, as what it is, and in time.
#include "client.hpp"
#include "resp_frames.hpp"
#include "stage.hpp"

BOOST_AUTO_TEST_SUITE(errors)

using namespace colock_test;

BOOST_AUTO_TEST_CASE(passwords) {
    redis_server server({.password = "right"});
    const auto bad = client(address(server, ":wrong@", "/0?connect_timeout=400ms")).check_unavailable(400ms);
    BOOST_CHECK(contains(bad, "WRONGPASS"));
    BOOST_CHECK(!contains(bad, ":wrong"));
    const auto none = client(address(server, "", "/0?connect_timeout=400ms")).check_unavailable(400ms);
    BOOST_CHECK(contains(none, "NOAUTH"));
    client right(address(server, ":right@", "/0"));
    scene s(right.who, "errors");
    BOOST_CHECK(s.is_free("a"));
}

BOOST_AUTO_TEST_CASE(a_user_with_the_permissions_that_the_header_names) {
    redis_server server;
    auto redis = server.connect();
    std::vector<std::string> rule{"ACL", "SETUSER", "locker", "on", ">secret", "~{shop}*", "&{shop}*"};
    for (const char* each :
         {"eval",   "evalsha",       "script|load", "time",    "ping",     "select", "hmget",
          "hget",   "hset",          "hdel",        "hscan",   "hgetall",  "zadd",   "zrem",
          "zrange", "zrangebyscore", "zcard",       "zscore",  "sadd",     "srem",   "smembers",
          "exists", "del",           "pexpire",     "publish", "subscribe"})
        rule.push_back(std::string("+") + each);
    redis.command(rule);
    client locker(address(server, "locker:secret@", "/3?namespace=shop"));
    scene s(locker.who, "errors");
    auto held = s.now(s.locks->lock("a"));
    auto waiting = s.queue(s.locks->acquire("a", {.owner = "me", .expire = 1h, .wait = 5s}), "a");
    BOOST_CHECK(s.now(held.release()));
    const auto granted = s.finish(waiting);
    BOOST_CHECK(s.now(s.locks->extend(granted, 2h)));
    BOOST_CHECK_EQUAL(s.now(s.locks->release_all({.owner = "me"})), 1u);
    BOOST_CHECK_EQUAL(s.now(s.locks->release_all()), 0u);
    redis.command({"SELECT", "3"});
    BOOST_CHECK(!redis.keys().empty()); // so it was there

    client stranger(address(server, "locker:secret@", "/3?namespace=elsewhere&connect_timeout=400ms"));
    BOOST_CHECK(contains(stranger.check_unavailable(400ms), "NOPERM"));
}

BOOST_AUTO_TEST_CASE(databases) {
    redis_server server;
    const auto text = client(address(server, "", "/99?connect_timeout=400ms")).check_unavailable(400ms);
    BOOST_CHECK(contains(text, "DB index"));
}

BOOST_AUTO_TEST_CASE(nobody_listens_there) {
    const auto text =
        client(redis_server::url_of(free_port(), "connect_timeout=400ms")).check_unavailable(400ms);
    BOOST_CHECK(contains(text, "refused"));
}

BOOST_AUTO_TEST_CASE(there_is_no_such_host) {
    (void)client("redis://no-such-host.invalid:1/0?connect_timeout=400ms").check_unavailable(400ms);
}

BOOST_AUTO_TEST_CASE(who_listens_says_nothing) {
    redis_server server;
    fault_proxy proxy(server.port(), resp);
    proxy.freeze();
    (void)client(redis_server::url_of(proxy.port(), "connect_timeout=400ms")).check_unavailable(400ms);
}

BOOST_AUTO_TEST_CASE(who_listens_is_no_redis) {
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
    (void)client(redis_server::url_of(port, "connect_timeout=400ms")).check_unavailable(400ms);
    io.stop();
    running.join();
}

BOOST_AUTO_TEST_CASE(a_replica_and_a_full_server) {
    redis_server server;
    auto redis = server.connect();
    redis.command({"CONFIG", "SET", "maxmemory", "1"});
    BOOST_CHECK(contains(client(server.url("connect_timeout=400ms")).check_unavailable(400ms), "OOM"));
    redis.command({"CONFIG", "SET", "maxmemory", "0"});
    redis.command({"REPLICAOF", "127.0.0.1", std::to_string(free_port())});
    BOOST_CHECK(contains(client(server.url("connect_timeout=400ms")).check_unavailable(400ms), "READONLY"));
    redis.command({"REPLICAOF", "NO", "ONE"});
    client good(server.url());
    scene s(good.who, "errors");
    BOOST_CHECK(s.is_free("a"));
}

// A key that somebody else has put where ours belong.
BOOST_AUTO_TEST_CASE(a_key_of_another_kind_in_the_way) {
    redis_server server;
    server.connect().command({"SET", "{shop}:locks", "what is this"});
    const auto text = client(server.url("namespace=shop&connect_timeout=400ms")).check_unavailable(400ms);
    BOOST_CHECK(contains(text, "WRONGTYPE"));
}

BOOST_AUTO_TEST_CASE(by_unix_socket) {
    temporary_folder folder;
    const auto path = (folder.path() / "socket").string();
    redis_server server({.more = {"--unixsocket", path}});
    client near("redis+unix://" + path);
    scene s(near.who, "errors");
    auto held = s.now(s.locks->lock("a"));
    BOOST_CHECK(held);
    BOOST_CHECK(!server.connect().keys().empty());
}

BOOST_AUTO_TEST_SUITE_END()
