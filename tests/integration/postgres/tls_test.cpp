// Over TLS, as libpq offers it: who may be spoken to, and that it works all the same.
#include "service_user.hpp"
#include "stage.hpp"

#include <filesystem>

BOOST_AUTO_TEST_SUITE(tls)

using namespace colock_test;
namespace fs = std::filesystem;

/// A certificate of its own for the name locks.example.
struct certificate {
    certificate() {
        child_process openssl({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                               "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                               "/CN=locks.example", "-addext", "subjectAltName=DNS:locks.example", "-keyout",
                               key(), "-out", path()});
        BOOST_REQUIRE_EQUAL(openssl.wait(), 0);
        fs::copy_file(key(), server_key());
        fs::permissions(server_key(), fs::perms::owner_read);
        fs::permissions(path(), fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
        give_to_service_user(server_key());
    }
    [[nodiscard]] std::string path() const { return folder.path() / "cert.pem"; }
    [[nodiscard]] std::string key() const { return folder.path() / "key.pem"; }
    [[nodiscard]] std::string server_key() const { return folder.path() / "server.pem"; }

    temporary_folder folder;
};

/// A server that speaks nothing else over TCP.
struct tls_server {
    explicit tls_server(const std::string& more = {})
        : server({.settings = {"ssl=on", "ssl_cert_file=" + own.path(), "ssl_key_file=" + own.server_key(),
                               "ssl_ca_file=" + own.path()},
                  .access = "hostssl all all 127.0.0.1/32 trust " + more}) {}
    [[nodiscard]] std::string url(const std::string& query, const std::string& name = "locks.example",
                                  const std::string& timeout = "10s") const {
        return "postgresql://postgres@" + name + ':' + std::to_string(server.port()) +
               "/postgres?hostaddr=127.0.0.1&connect_timeout=" + timeout + query;
    }

    certificate own;
    postgres_server server;
};

void check_works(const std::string& url) {
    const client made(url);
    scene s(made.who, "tls");
    auto held = s.now(s.locks->lock("a"));
    auto waiting = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    BOOST_CHECK(s.now(held.release()));
    BOOST_CHECK(s.now(s.finish(waiting).release()));
    std::vector<started<colock::grant>> many; // messages that fill several records
    for (int i = 0; i < 300; ++i)
        many.push_back(s.start(s.locks->acquire(std::string(500, 'k') + std::to_string(i), {.wait = 10s})));
    for (auto& each : many)
        (void)s.finish(each);
    BOOST_CHECK_EQUAL(s.listed(), 300u);
    BOOST_CHECK_EQUAL(s.now(s.locks->release_all()), 300u);
    s.tear_down();
    BOOST_CHECK_EQUAL(s.failures(), "");
}

BOOST_AUTO_TEST_CASE(certificates) {
    const tls_server there;
    const std::string known = "&sslmode=verify-full&sslrootcert=" + there.own.path();
    check_works(there.url(known));
    check_works(there.url("&sslmode=require"));

    const auto refused = [&](const std::string& query, const std::string& name, std::string_view why) {
        const auto text = client(there.url(query, name, "1s")).check_unavailable(1s);
        BOOST_CHECK_MESSAGE(contains(text, why), text);
    };
    refused(known, "other.example", "does not match host name");
    refused("&sslmode=verify-full&sslrootcert=/nowhere", "locks.example", "does not exist");
    const certificate of_another;
    refused("&sslmode=verify-ca&sslrootcert=" + of_another.path(), "locks.example",
            "certificate verify failed");
    refused("&sslmode=disable", "locks.example", "no encryption");
}

BOOST_AUTO_TEST_CASE(the_clients_own_certificate) {
    const tls_server there("clientcert=verify-ca");
    const std::string known = "&sslmode=verify-full&sslrootcert=" + there.own.path();
    (void)client(there.url(known, "locks.example", "1s")).check_unavailable(1s);
    check_works(there.url(known + "&sslcert=" + there.own.path() + "&sslkey=" + there.own.key()));
}

BOOST_AUTO_TEST_CASE(connections_that_break_come_back) {
    const tls_server there;
    const client made(there.url("&sslmode=require"));
    scene s(made.who, "tls");
    postgres_client sql(there.url("&sslmode=require", "locks.example", "10"));
    for (int i = 0; i < 4; ++i) {
        auto held = s.now(s.locks->lock("a"));
        auto waiting = s.queue(s.locks->lock("a", {.wait = forever}), "a");
        sql.terminate("true");
        BOOST_CHECK(s.now(held.release()));
        BOOST_CHECK(s.now(s.finish(waiting).release()));
    }
    BOOST_CHECK_EQUAL(sql.number("SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) "
                                 "WHERE a.application_name = 'colock' AND NOT s.ssl"),
                      0);
}

BOOST_AUTO_TEST_SUITE_END()
