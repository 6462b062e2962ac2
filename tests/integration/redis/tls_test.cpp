// Over TLS: who may be spoken to, and that it works all the same.
#include "client.hpp"
#include "stage.hpp"

BOOST_AUTO_TEST_SUITE(tls)

using namespace colock_test;

/// A server that also speaks TLS, with a certificate of its own for the name locks.example.
struct tls_server {
    tls_server() {
        child_process openssl({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                               "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                               "/CN=locks.example", "-addext", "subjectAltName=DNS:locks.example", "-keyout",
                               key(), "-out", certificate()});
        BOOST_REQUIRE_EQUAL(openssl.wait(), 0);
        auto redis = server.connect();
        redis.command({"CONFIG", "SET", "tls-cert-file", certificate(), "tls-key-file", key(),
                       "tls-ca-cert-file", certificate(), "tls-auth-clients", "no"});
        for (int tries = 0; port == 0; ++tries) {
            const auto free = free_port();
            try {
                redis.command({"CONFIG", "SET", "tls-port", std::to_string(free)});
                port = free;
            } catch (const std::runtime_error&) { // somebody else has taken it
                if (tries == 9)
                    throw;
            }
        }
    }
    [[nodiscard]] std::string certificate() const { return (folder.path() / "cert.pem").string(); }
    [[nodiscard]] std::string key() const { return (folder.path() / "key.pem").string(); }
    [[nodiscard]] std::string url(const std::string& query, const std::string& timeout = "10s") const {
        return "rediss://127.0.0.1:" + std::to_string(port) + "/0?connect_timeout=" + timeout + query;
    }

    temporary_folder folder;
    redis_server server;
    unsigned short port = 0;
};

void check_works(const std::string& url) {
    const client made(url);
    scene s(made.who, "tls");
    auto held = s.now(s.locks->lock("a"));
    auto waiting = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    auto second = s.queue(s.locks->acquire("a", {.owner = "me", .expire = 1h, .wait = 5s}), "a");
    BOOST_CHECK(s.now(held.release()));
    auto next = s.finish(waiting);
    BOOST_CHECK_GT(next.token(), held.token());
    BOOST_CHECK(s.now(next.release()));
    BOOST_CHECK(s.now(s.locks->release(s.finish(second))));
    std::vector<started<colock::grant>> many; // messages that fill several records
    for (int i = 0; i < 300; ++i)
        many.push_back(s.start(s.locks->acquire(std::string(500, 'k') + std::to_string(i), {.wait = 5s})));
    for (auto& each : many)
        (void)s.finish(each);
    BOOST_CHECK_EQUAL(s.now(s.locks->release_all()), 300u);
    s.tear_down();
    BOOST_CHECK_EQUAL(s.failures(), "");
}

BOOST_AUTO_TEST_CASE(certificates) {
    tls_server there;
    const std::string known = "&tls_ca_file=" + there.certificate();
    check_works(there.url(known + "&tls_name=locks.example"));
    check_works(there.url("&tls_verify=false"));

    const auto refused = [&](const std::string& query) {
        return contains(client(there.url(query, "1s")).check_unavailable(1s), "certificate verify failed");
    };
    BOOST_CHECK(refused(""));                                // made by nobody known
    BOOST_CHECK(refused(known));                             // it is not 127.0.0.1's
    BOOST_CHECK(refused(known + "&tls_name=other.example")); // nor that one's
    BOOST_CHECK(
        contains(client(there.url("&tls_ca_file=/nowhere", "1s")).check_unavailable(1s), "No such file"));
}

BOOST_AUTO_TEST_CASE(the_clients_own_certificate) {
    tls_server there;
    there.server.connect().command({"CONFIG", "SET", "tls-auth-clients", "yes"});
    const std::string known = "&tls_name=locks.example&tls_ca_file=" + there.certificate();
    (void)client(there.url(known, "1s")).check_unavailable(1s);
    check_works(there.url(known + "&tls_cert_file=" + there.certificate() + "&tls_key_file=" + there.key()));
}

BOOST_AUTO_TEST_CASE(one_side_speaks_it_and_the_other_does_not) {
    tls_server there;
    (void)client(redis_server::url_of(there.port, "connect_timeout=400ms")).check_unavailable(400ms);
    const auto plain = "rediss://127.0.0.1:" + std::to_string(there.server.port()) +
                       "/0?tls_verify=false&connect_timeout=400ms";
    (void)client(plain).check_unavailable(400ms);
}

BOOST_AUTO_TEST_CASE(connections_that_break_come_back) {
    tls_server there;
    const client made(there.url("&tls_verify=false"));
    scene s(made.who, "tls");
    auto redis = there.server.connect();
    for (int i = 0; i < 4; ++i) {
        auto held = s.now(s.locks->lock("a"));
        auto waiting = s.queue(s.locks->lock("a", {.wait = forever}), "a");
        for (const bool subscribed : {true, false})
            for (const auto& id : redis.clients(subscribed))
                redis.command({"CLIENT", "KILL", "ID", id});
        BOOST_CHECK(s.now(held.release()));
        auto next = s.finish(waiting);
        BOOST_CHECK(s.now(next.release()));
    }
}

BOOST_AUTO_TEST_SUITE_END()
