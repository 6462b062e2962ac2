// What a provider tells of its locks: list, statistics, events.
#include "../scene.hpp"
#include "../suite.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace colock::conformance {
namespace {

std::set<std::string> names(const std::vector<lock_info>& all) {
    std::set<std::string> result;
    for (const auto& each : all)
        result.insert(each.key);
    return result;
}

void list_tells_who_holds_what(scene& s) {
    const auto before = time::now();
    const auto mine = s.now(s.locks->acquire("prod_1", {.owner = "me", .expire = 1h}));
    const auto held = s.now(s.locks->lock("prod_2"));
    auto waiting = s.queue(s.locks->lock("prod_1", {.wait = forever}), "prod_1");
    s.pass(s.unit);
    const auto first = s.info("prod_1");
    COLOCK_REQUIRE(first && first->holders.size() == 1);
    COLOCK_CHECK(first->waiters == 1);
    const auto& holder = first->holders[0];
    COLOCK_CHECK(holder.owner == "me");
    COLOCK_CHECK(holder.id == mine.id());
    COLOCK_CHECK(holder.token == mine.token());
    COLOCK_CHECK(holder.mode == lock_mode::exclusive);
    COLOCK_CHECK(!holder.scoped);
    COLOCK_CHECK(holder.age >= s.unit - s.who.precision);
    COLOCK_CHECK(holder.age <= time::now() - before + s.who.precision);
    COLOCK_CHECK(holder.remaining < 1h && holder.remaining > 59min);
    const auto second = s.info("prod_2");
    COLOCK_REQUIRE(second && second->holders.size() == 1);
    COLOCK_CHECK(second->holders[0].token == held.token());
    COLOCK_CHECK(second->holders[0].scoped);
    COLOCK_CHECK(second->holders[0].owner.empty());
    COLOCK_CHECK(second->waiters == 0);
}

void list_tells_of_leases_without_end(scene& s) {
    s.now(s.locks->acquire("a"));
    const auto info = s.info("a");
    COLOCK_CHECK(info && info->holders.size() == 1 && info->holders[0].remaining == forever);
}

void list_by_prefix_and_owner(scene& s) {
    for (const char* key : {"prod_1", "prod_2", "prod*", "pro?_", "cart_1", "[p]rod", "p%"})
        s.now(s.locks->acquire(key, {.owner = std::string_view(key).ends_with('1') ? "one" : "other"}));
    using set = std::set<std::string>;
    COLOCK_CHECK(s.listed() == 7);
    COLOCK_CHECK((names(s.now(s.locks->list({.prefix = "prod"}))) == set{"prod_1", "prod_2", "prod*"}));
    COLOCK_CHECK((names(s.now(s.locks->list({.prefix = "prod*"}))) == set{"prod*"}));
    COLOCK_CHECK((names(s.now(s.locks->list({.prefix = "pro?"}))) == set{"pro?_"}));
    COLOCK_CHECK((names(s.now(s.locks->list({.prefix = "[p]"}))) == set{"[p]rod"}));
    COLOCK_CHECK((names(s.now(s.locks->list({.prefix = "p%"}))) == set{"p%"}));
    COLOCK_CHECK((names(s.now(s.locks->list({.owner = "one"}))) == set{"prod_1", "cart_1"}));
    COLOCK_CHECK((names(s.now(s.locks->list({.prefix = "prod_", .owner = "one"}))) == set{"prod_1"}));
    COLOCK_CHECK(s.now(s.locks->list({.prefix = "prod_1x"})).empty());
    COLOCK_CHECK(s.now(s.locks->list({.owner = "nobody"})).empty());
}

void list_tells_of_all_readers(scene& s) {
    s.now(s.locks->acquire("a", {.owner = "me", .mode = lock_mode::shared}));
    s.now(s.locks->acquire("a", {.owner = "you", .mode = lock_mode::shared}));
    const auto info = s.info("a");
    COLOCK_REQUIRE(info && info->holders.size() == 2);
    std::set<std::string> owners;
    for (const auto& each : info->holders) {
        owners.insert(each.owner);
        COLOCK_CHECK(each.mode == lock_mode::shared);
    }
    COLOCK_CHECK((owners == std::set<std::string>{"me", "you"}));
}

void list_of_many(scene& s) {
    std::vector<guard> held;
    for (int i = 0; i < 200; ++i)
        held.push_back(s.now(s.locks->lock("key " + std::to_string(i))));
    COLOCK_CHECK(s.listed() == 200);
    held.clear();
    s.until_empty();
}

void statistics_count(scene& s) {
    const auto& provider = s.locks->get_provider();
    COLOCK_CHECK(provider.statistics().granted == 0);
    const auto held = s.now(s.locks->acquire("a", {.owner = "me"}));
    COLOCK_CHECK(!s.now(s.locks->try_lock("a")));
    COLOCK_CHECK(s.error_of(s.locks->lock("a", {.wait = s.unit})) == errc::timed_out);
    auto cancelled = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    cancelled.cancel();
    COLOCK_CHECK(s.error_of(cancelled) == asio::error::operation_aborted);
    auto waiting = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    COLOCK_CHECK(s.now(s.locks->release(held)));
    auto next = s.finish(waiting);
    COLOCK_CHECK(s.now(next.release()));
    const auto counted = provider.statistics();
    COLOCK_CHECK(counted.granted == 2);
    COLOCK_CHECK(counted.queued == 3);
    COLOCK_CHECK(counted.refused == 1);
    COLOCK_CHECK(counted.timed_out == 1);
    COLOCK_CHECK(counted.cancelled == 1);
    COLOCK_CHECK(counted.released == 2);
}

class recorder final : public observer {
public:
    void on_event(const lock_event& e) noexcept override {
        const std::lock_guard lock(mutex_);
        ++seen_[std::string(to_string(e.kind)) + ' ' + std::string(e.key)];
    }
    int count(const std::string& what) {
        const std::lock_guard lock(mutex_);
        return seen_[what];
    }

private:
    std::mutex mutex_;
    std::map<std::string, int> seen_;
};

void an_observer_is_told(scene& s) {
    const auto seen = std::make_shared<recorder>();
    s.locks->set_observer(seen);
    const auto told = [&](const char* what, int count) {
        s.until([&] { return seen->count(what) >= count; }, what);
        COLOCK_CHECK(seen->count(what) == count);
    };
    const auto held = s.now(s.locks->acquire(keys("a", "b"), {.owner = "me", .expire = 1h}));
    told("granted a", 1);
    told("granted b", 1);
    s.now(s.locks->extend(held, 1h));
    told("renewed a", 1);
    COLOCK_CHECK(!s.now(s.locks->try_lock("a")));
    told("refused a", 1);
    COLOCK_CHECK(s.error_of(s.locks->lock("a", {.wait = s.unit})) == errc::timed_out);
    told("queued a", 1);
    told("timed_out a", 1);
    auto cancelled = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    cancelled.cancel();
    (void)s.error_of(cancelled);
    told("cancelled a", 1);
    COLOCK_CHECK(s.now(s.locks->release(held)));
    told("released a", 1);
    told("released b", 1);
}

} // namespace

std::span<const test_case> insight_cases() {
    static constexpr test_case all[] = {
        COLOCK_CASE(list_tells_who_holds_what, feature::listing, feature::owners, feature::expiry,
                    feature::waiting),
        COLOCK_CASE(list_tells_of_leases_without_end, feature::listing),
        COLOCK_CASE(list_by_prefix_and_owner, feature::listing, feature::owners),
        COLOCK_CASE(list_tells_of_all_readers, feature::listing, feature::owners, feature::shared),
        COLOCK_CASE(list_of_many, feature::listing),
        COLOCK_CASE(statistics_count, feature::statistics, feature::owners, feature::waiting,
                    feature::listing),
        COLOCK_CASE(an_observer_is_told, feature::events, feature::owners, feature::waiting, feature::expiry,
                    feature::listing),
    };
    return all;
}

} // namespace colock::conformance
