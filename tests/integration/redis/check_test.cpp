// What check() says of servers that there really are.
#include "client.hpp"
#include "stage.hpp"

#include <colock/redis_provider.hpp>

BOOST_AUTO_TEST_SUITE(check)

using namespace colock_test;

colock::redis_report report_of(const std::string& url) {
    const client made(url);
    scene s(made.who, "check");
    auto& provider = dynamic_cast<colock::redis_provider&>(s.locks->get_provider());
    return s.now(provider.check());
}

bool warns(const colock::redis_report& report, std::string_view of) {
    return std::any_of(report.warnings.begin(), report.warnings.end(),
                       [&](const auto& text) { return contains(text, of); });
}

BOOST_AUTO_TEST_CASE(it_reports_what_threatens_locks) {
    redis_server safe({.append_only = true});
    const auto good = report_of(safe.url());
    BOOST_CHECK(good.warnings.empty());
    BOOST_CHECK(good.version.find('.') != std::string::npos);

    redis_server server;
    auto redis = server.connect();
    BOOST_CHECK(warns(report_of(server.url()), "no persistence"));
    redis.command({"CONFIG", "SET", "save", "3600 1", "maxmemory-policy", "allkeys-lru"});
    const auto bad = report_of(server.url());
    BOOST_CHECK(warns(bad, "only snapshots"));
    BOOST_CHECK(warns(bad, "allkeys-lru"));
    redis.command({"CONFIG", "SET", "appendonly", "yes", "appendfsync", "everysec", "maxmemory-policy",
                   "volatile-ttl"});
    const auto better = report_of(server.url());
    BOOST_CHECK(warns(better, "appendfsync everysec"));
    BOOST_CHECK(warns(better, "volatile-ttl"));
}

BOOST_AUTO_TEST_CASE(what_it_may_not_ask_is_a_warning) {
    redis_server server({.append_only = true});
    server.connect().command({"ACL", "SETUSER", "locker", "on", ">secret", "~*", "&*", "+@all", "-config"});
    BOOST_CHECK(warns(report_of(address(server, "locker:secret@", "/0")), "does not tell how often"));
}

BOOST_AUTO_TEST_CASE(a_replica_and_a_server_that_has_one) {
    redis_server first({.append_only = true});
    redis_server second({.append_only = true});
    auto redis = second.connect();
    redis.command({"REPLICAOF", "127.0.0.1", std::to_string(first.port())});
    BOOST_CHECK(warns(report_of(second.url()), "is a replica"));
    const auto end = time::now() + 20s;
    while (!contains(redis.command({"INFO", "replication"}).text, "master_link_status:up")) {
        BOOST_REQUIRE(time::now() < end);
        std::this_thread::sleep_for(10ms); // a replica has no other way to say it
    }
    BOOST_CHECK(warns(report_of(first.url()), "promoted"));
}

BOOST_AUTO_TEST_SUITE_END()
