// Redis Cluster: a namespace is on one node, which is found from any other.
#include "client.hpp"
#include "stage.hpp"

#include <iterator>
#include <map>
#include <set>
#include <sstream>

BOOST_AUTO_TEST_SUITE(cluster)

using namespace colock_test;

const redis_server_options node{
    .more = {"--cluster-enabled", "yes", "--cluster-port", redis_server_options::another_port}};

bool knows_all_slots(redis_client& redis) {
    return contains(redis.command({"CLUSTER", "INFO"}).text, "cluster_state:ok");
}

template<class Condition>
void await(Condition condition) {
    const auto end = time::now() + 20s;
    while (!condition()) {
        BOOST_REQUIRE(time::now() < end);
        std::this_thread::sleep_for(10ms); // a node has no other way to say it
    }
}

void meet(redis_client& one, redis_server& other) {
    const auto bus = other.connect().command({"CONFIG", "GET", "cluster-port"}).list.at(1).text;
    one.command({"CLUSTER", "MEET", "127.0.0.1", std::to_string(other.port()), bus});
}

/// Nodes that know of each other; the second one has all slots.
struct two_nodes {
    two_nodes() {
        auto first = empty.connect();
        auto second = full.connect();
        second.command({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"});
        meet(first, full);
        await([&] { return knows_all_slots(first) && knows_all_slots(second); });
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

/// The nodes and their epochs, as one of them knows them.
std::map<std::string, std::string> epochs(redis_client& of) {
    std::map<std::string, std::string> result;
    std::istringstream lines(of.command({"CLUSTER", "NODES"}).text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        const std::vector<std::string> all{std::istream_iterator<std::string>(words), {}};
        result[all.at(0)] = all.at(6);
    }
    return result;
}

/// Three nodes, each with a third of the slots.
struct three_nodes {
    three_nodes() {
        for (std::size_t i = 0; i < 3; ++i) {
            clients.push_back(nodes[i].connect());
            clients[i].command({"CLUSTER", "ADDSLOTSRANGE", std::to_string(i * 5461),
                                std::to_string(i == 2 ? 16383 : i * 5461 + 5460)});
            ids.push_back(clients[i].command({"CLUSTER", "MYID"}).text);
        }
        meet(clients[0], nodes[1]);
        meet(clients[0], nodes[2]);
        await([&] { return std::all_of(clients.begin(), clients.end(), knows_all_slots); });
        await([&] {
            return std::all_of(clients.begin(), clients.end(), [](redis_client& each) {
                return contains(each.command({"CLUSTER", "INFO"}).text, "cluster_known_nodes:3");
            });
        });
    }

    [[nodiscard]] static std::size_t home_of(long long slot) {
        return std::min<std::size_t>(static_cast<std::size_t>(slot) / 5461, 2);
    }

    /// Whoever takes a slot gives itself the greatest epoch that it knows of, and one. If another has a
    /// greater one, what that has sent before it gave the slot away takes the slot back, for good.
    void await_epochs() {
        await([&] {
            const auto known = epochs(clients[0]);
            std::set<std::string> distinct;
            for (const auto& [id, epoch] : known)
                distinct.insert(epoch);
            return distinct.size() == 3 && epochs(clients[1]) == known && epochs(clients[2]) == known;
        });
    }

    /// As `redis-cli --cluster reshard` does it.
    void migrate(long long slot, std::size_t from, std::size_t to) {
        await_epochs();
        const std::string number = std::to_string(slot);
        clients[to].command({"CLUSTER", "SETSLOT", number, "IMPORTING", ids[from]});
        clients[from].command({"CLUSTER", "SETSLOT", number, "MIGRATING", ids[to]});
        for (const auto& key : clients[from].command({"CLUSTER", "GETKEYSINSLOT", number, "1000"}).list) {
            const std::string port = std::to_string(nodes[to].port());
            clients[from].command({"MIGRATE", "127.0.0.1", port, key.text, "0", "5000"});
        }
        for (const std::size_t each : {to, from, 3 - to - from})
            clients[each].command({"CLUSTER", "SETSLOT", number, "NODE", ids[to]});
    }

    redis_server nodes[3] = {redis_server(node), redis_server(node), redis_server(node)};
    std::vector<redis_client> clients;
    std::vector<std::string> ids;
};

// What is held stays held, and who waits is served, wherever the namespace goes; those who come later find it
// by way of any node.
BOOST_AUTO_TEST_CASE(a_namespace_moves_from_node_to_node_while_locks_are_held_and_waited_for) {
    three_nodes all;
    const long long slot = all.clients[0].number({"CLUSTER", "KEYSLOT", "{shop}:locks"});
    const std::size_t first = three_nodes::home_of(slot);
    const std::size_t second = (first + 1) % 3;
    const std::size_t third = (first + 2) % 3;
    const std::string query = "namespace=shop&connect_timeout=10s";
    const client one(all.nodes[first].url(query));
    const client other(all.nodes[second].url(query)); // redirected from the start
    scene a(one.who, "cluster");
    scene b(other.who, "cluster");
    auto held = a.now(a.locks->lock("a"));
    const auto owned = a.now(a.locks->acquire("b", {.owner = "me", .expire = 1h}));
    auto waiting = b.queue(b.locks->lock(keys("a", "c"), {.wait = forever}), "a");
    std::uint64_t newest = std::max(held.token(), owned.token());

    std::size_t from = first;
    for (const std::size_t to : {second, third, first, third}) {
        all.migrate(slot, from, to);
        from = to;
        // Both go on, after a redirection each, and neither gets what the other has.
        const auto seen = a.now(a.locks->acquire("d", {.owner = "you"}));
        BOOST_CHECK_GT(seen.token(), newest);
        newest = seen.token();
        BOOST_CHECK(b.now(b.locks->release("d", {.owner = "you"})));
        BOOST_CHECK(!b.is_free("a"));
        BOOST_CHECK(!held.lost());
        BOOST_CHECK(!waiting.done());
        b.until([&] { return b.waiters("a") == 1; }, "it queues still");
    }
    BOOST_CHECK(a.now(held.release()));
    a.until(
        [&] {
            b.step(1ms);
            return waiting.done();
        },
        "the next one was granted");
    auto next = b.finish(waiting);
    BOOST_CHECK_GT(next.token(), newest);
    BOOST_CHECK(b.now(next.release()));
    BOOST_CHECK(b.now(b.locks->release("b", {.owner = "me"})));
    BOOST_CHECK(!all.nodes[third].connect().keys().empty());
    BOOST_CHECK(all.nodes[first].connect().keys().empty());
}

// In the middle of a migration some keys are here and some there: calls wait until that is over.
BOOST_AUTO_TEST_CASE(a_namespace_that_is_on_its_way_is_waited_for) {
    three_nodes all;
    const long long slot = all.clients[0].number({"CLUSTER", "KEYSLOT", "{shop}:locks"});
    const std::size_t from = three_nodes::home_of(slot);
    const std::size_t to = (from + 1) % 3;
    const client one(all.nodes[from].url("namespace=shop&connect_timeout=10s"));
    scene s(one.who, "cluster");
    const auto granted = s.now(s.locks->acquire("a", {.owner = "me", .expire = 1h}));
    const std::string number = std::to_string(slot);
    all.clients[to].command({"CLUSTER", "SETSLOT", number, "IMPORTING", all.ids[from]});
    all.clients[from].command({"CLUSTER", "SETSLOT", number, "MIGRATING", all.ids[to]});
    all.clients[from].command(
        {"MIGRATE", "127.0.0.1", std::to_string(all.nodes[to].port()), "{shop}:locks", "0", "5000"});
    auto call = s.start(s.locks->acquire("a", {.wait = 8s}));
    s.pass(100ms);
    BOOST_CHECK(!call.done());
    all.migrate(slot, from, to);
    s.until([&] { return call.done() || s.waiters("a") == 1; }, "it queues where the lock is");
    BOOST_CHECK(!call.done());
    BOOST_CHECK(s.now(s.locks->release(granted)));
    BOOST_CHECK_GT(s.finish(call).token(), granted.token());
}

BOOST_AUTO_TEST_SUITE_END()
