#include "../scene.hpp"
#include "../suite.hpp"

#include <colock/lease.hpp>

#include <set>
#include <string>

namespace colock::conformance {
namespace {

void T1_every_grant_carries_one_greater_than_all_before(scene& s) {
    std::uint64_t last = 0;
    bool grows = true;
    const auto check = [&](std::uint64_t token) {
        grows = grows && token > last;
        last = token;
    };
    const auto token_of = [](lease& mine) { return mine.token(); };
    for (int i = 0; i < 30; ++i) {
        const std::string key = "key " + std::to_string(i % 7);
        auto held = s.now(s.locks->lock(key));
        check(held.token());
        s.now(held.release());
        const auto granted = s.now(s.locks->acquire(keys(key, "other")));
        check(granted.token());
        s.now(s.locks->release(granted));
        check(s.now(s.locks->execute(key, token_of)));
    }
    COLOCK_CHECK(grows);
}

void T1_readers_too(scene& s) {
    std::uint64_t last = s.now(s.locks->lock("other")).token();
    std::vector<guard> readers;
    for (int i = 0; i < 5; ++i) {
        readers.push_back(s.now(s.locks->lock("a", {.mode = lock_mode::shared})));
        COLOCK_CHECK(readers.back().token() > last);
        last = readers.back().token();
    }
}

void T1_through_a_queue(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    auto first = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    auto second = s.queue(s.locks->lock(keys("a", "b"), {.wait = forever}), "a");
    auto elsewhere = s.now(s.locks->lock("c"));
    const auto before = elsewhere.token();
    s.now(held.release());
    auto one = s.finish(first);
    COLOCK_CHECK(one.token() > before); // it was queued before, and granted after
    s.now(one.release());
    COLOCK_CHECK(s.finish(second).token() > one.token());
    COLOCK_CHECK(s.now(s.locks->lock("d")).token() > before);
}

void T1_ids_are_unique(scene& s) {
    std::set<std::string> ids;
    for (int i = 0; i < 20; ++i) {
        const auto granted = s.now(s.locks->acquire(std::to_string(i)));
        COLOCK_CHECK(granted.id() != grant_id{});
        ids.insert(to_string(granted.id()));
    }
    COLOCK_CHECK(ids.size() == 20);
}

void T2_they_grow_through_release_and_expiry(scene& s) {
    const auto first = s.now(s.locks->acquire("a", {.expire = s.unit}));
    s.until([&] { return s.is_free("a"); }, "the lock had expired");
    const auto second = s.now(s.locks->acquire("a"));
    COLOCK_CHECK(second.token() > first.token());
    s.now(s.locks->release(second));
    s.now(s.locks->release_all());
    COLOCK_CHECK(s.now(s.locks->acquire("a")).token() > second.token());
}

void T2_they_grow_through_a_new_provider(scene& s) {
    const auto before = s.now(s.locks->acquire("a"));
    s.now(s.locks->release_all());
    s.now(s.locks->close());
    s.locks.reset();
    s.renew_service();
    const auto after = s.now(s.locks->acquire("a"));
    COLOCK_CHECK(after.token() > before.token());
    COLOCK_CHECK(after.id() != before.id());
}

} // namespace

std::span<const test_case> token_cases() {
    static constexpr test_case all[] = {
        COLOCK_CASE(T1_every_grant_carries_one_greater_than_all_before),
        COLOCK_CASE(T1_readers_too, feature::shared),
        COLOCK_CASE(T1_through_a_queue, feature::waiting, feature::listing),
        COLOCK_CASE(T1_ids_are_unique),
        COLOCK_CASE(T2_they_grow_through_release_and_expiry, feature::expiry),
        COLOCK_CASE(T2_they_grow_through_a_new_provider),
    };
    return all;
}

} // namespace colock::conformance
