// Redis Cluster: a namespace is on one node, which is found from any other.
#include "client.hpp"

BOOST_AUTO_TEST_SUITE(cluster)

using namespace colock_test;

const redis_server_options node{
    .more = {"--cluster-enabled", "yes", "--cluster-port", redis_server_options::another_port}};

bool knows_all_slots(redis_client& redis) {
    return contains(redis.command({"CLUSTER", "INFO"}).text, "cluster_state:ok");
}

/// Nodes that know of each other; the second one has all slots.
struct two_nodes {
    two_nodes() {
        auto first = empty.connect();
        auto second = full.connect();
        second.command({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"});
        const auto bus = second.command({"CONFIG", "GET", "cluster-port"}).list.at(1).text;
        first.command({"CLUSTER", "MEET", "127.0.0.1", std::to_string(full.port()), bus});
        const auto end = time::now() + 20s;
        while (!knows_all_slots(first) || !knows_all_slots(second)) {
            BOOST_REQUIRE(time::now() < end);
            std::this_thread::sleep_for(10ms); // a node has no other way to say it
        }
    }
    redis_server empty{node};
    redis_server full{node};
};

BOOST_AUTO_TEST_CASE(the_node_of_a_namespace_is_found) {
    two_nodes nodes;
    const client here(nodes.empty.url("namespace=shop"));
    const client there(nodes.full.url("namespace=shop"));
    scene a(here.who, "cluster");
    scene b(there.who, "cluster");
    // Of several keys and with an owner: all that the scripts touch must be on one node.
    const auto granted = a.now(a.locks->acquire(keys("a", "b", "c"), {.owner = "me", .expire = 1h}));
    BOOST_CHECK(!b.is_free("b"));
    auto waiting = b.queue(b.locks->lock(keys("c", "d"), {.wait = forever}), "c");
    BOOST_CHECK(a.now(a.locks->release(granted)));
    auto next = b.finish(waiting);
    BOOST_CHECK_GT(next.token(), granted.token());
    // And the other way: who waits is told on whichever node it listens.
    auto later = a.queue(a.locks->lock("d", {.wait = forever}), "d");
    const auto before = time::now();
    BOOST_CHECK(b.now(next.release()));
    a.now(a.finish(later).release());
    BOOST_TEST_MESSAGE("handed over in " << (time::now() - before) / 1us << " us");
    BOOST_CHECK_EQUAL(a.now(a.locks->release_all({.owner = "me"})), 0u);
    BOOST_CHECK(nodes.empty.connect().keys().empty());
    BOOST_CHECK(!nodes.full.connect().keys().empty());
}

BOOST_AUTO_TEST_SUITE_END()
