// That the tables do not grow with what has been.
#include "stage.hpp"

BOOST_AUTO_TEST_SUITE(growth)

using namespace colock_test;

/// What a cycle writes is dead when it is over, and stays until the page that it is in is used again (most
/// updates need no new index entry), or autovacuum comes: once a second here. A live row is about 200 bytes.
constexpr long long most_bytes = 8 << 20;

long long bytes_of(postgres_client& sql) {
    return sql.number("SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n "
                      "ON n.oid = c.relnamespace WHERE n.nspname = 'colock' AND c.relkind = 'r'");
}

BOOST_AUTO_TEST_CASE(L1_a_hundred_thousand_cycles_leave_small_tables) {
    stage t({.query = "connect_timeout=20s",
             .own_server = true,
             .server_options = {.settings = {"autovacuum_naptime=1s", "synchronous_commit=off"}}});
    const auto straight = t.straight();
    constexpr int workers = 64;
    constexpr int cycles = (slowness > 1 ? 10'000 : 100'000) / workers + 1;
    const auto worker = [&](int number) -> asio::awaitable<void> {
        auto& locks = number % 2 ? *straight : *t.s.locks;
        const std::string own = "key " + std::to_string(number);
        const std::string owner = "owner " + std::to_string(number);
        for (int i = 0; i < cycles; ++i) {
            switch (i % 10) {
            case 0: { // one that others want, too
                auto held = co_await locks.lock("wanted " + std::to_string(number % 4), {.wait = forever});
                co_await held.release();
                break;
            }
            case 1: { // one that never was before
                const auto granted = co_await locks.acquire(own + '/' + std::to_string(i), {.expire = 1h});
                co_await locks.release(granted);
                break;
            }
            case 2:
                co_await locks.acquire(own, {.owner = owner, .expire = 1h});
                co_await locks.release(own, {.owner = owner});
                break;
            default: {
                const auto granted = co_await locks.acquire(own, {.expire = 1h});
                co_await locks.release(granted);
            }
            }
        }
    };
    BOOST_CHECK(t.s.is_free("any")); // the tables are there
    auto sql = t.server().connect();
    const auto before = bytes_of(sql);
    const auto began = time::now();
    std::vector<started<void>> all;
    for (int i = 0; i < workers; ++i)
        all.push_back(start(t.s.io.get_executor(), worker(i)));
    long long most = 0;
    auto due = time::now();
    while (!std::all_of(all.begin(), all.end(), [](auto& each) { return each.done(); })) {
        t.s.step(2ms);
        if (time::now() >= due) {
            most = std::max(most, bytes_of(sql));
            due = time::now() + 500ms;
        }
    }
    for (auto& each : all)
        BOOST_CHECK(!each.failed());
    BOOST_TEST_MESSAGE(workers * cycles << " cycles in " << (time::now() - began) / 1ms << " ms; "
                                        << before / 1024 << " kB of tables before, " << most / 1024
                                        << " kB at most, " << bytes_of(sql) / 1024 << " kB after");
    BOOST_CHECK_LT(most, most_bytes);
    BOOST_CHECK_EQUAL(t.rows("waiter"), 0);
    BOOST_CHECK_EQUAL(t.rows("owner"), 0);
    t.s.until([&] { return t.is_clean(); }, "nothing was left");
}

BOOST_AUTO_TEST_SUITE_END()
