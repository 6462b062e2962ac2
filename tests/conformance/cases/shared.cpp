#include "../scene.hpp"
#include "../suite.hpp"

namespace colock::conformance {
namespace {

constexpr auto shared = lock_mode::shared;

void W1_readers_may_share_without_waiting(scene& s) {
    auto r1 = s.now(s.locks->lock("a", {.mode = shared}));
    auto r2 = s.now(s.locks->lock("a", {.mode = shared}));
    COLOCK_CHECK(r2.token() > r1.token());
    COLOCK_CHECK(!s.is_free("a"));
    COLOCK_CHECK(s.now(r1.release()));
    COLOCK_CHECK(!s.is_free("a"));
    COLOCK_CHECK(s.now(r2.release()));
    auto writer = s.now(s.locks->lock("a"));
    COLOCK_CHECK(!s.now(s.locks->try_lock("a", {.mode = shared})));
    COLOCK_CHECK(s.now(writer.release()));
}

void W1_readers_enter_in_batches_and_do_not_overtake_a_writer(scene& s) {
    auto held = s.now(s.locks->lock("a"));
    auto r1 = s.queue(s.locks->lock("a", {.wait = forever, .mode = shared}), "a");
    auto r2 = s.queue(s.locks->lock("a", {.wait = forever, .mode = shared}), "a");
    auto w1 = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    auto r3 = s.queue(s.locks->lock("a", {.wait = forever, .mode = shared}), "a");
    COLOCK_CHECK(s.now(held.release()));
    auto first = s.finish(r1);
    auto second = s.finish(r2); // beside the first
    COLOCK_CHECK(s.waiters("a") == 2);
    COLOCK_CHECK(!s.now(s.locks->try_lock("a", {.mode = shared}))); // a writer waits
    COLOCK_CHECK(s.now(first.release()));
    COLOCK_CHECK(s.waiters("a") == 2);
    COLOCK_CHECK(!w1.done() && !r3.done());
    COLOCK_CHECK(s.now(second.release()));
    auto writer = s.finish(w1);
    COLOCK_CHECK(s.waiters("a") == 1);
    COLOCK_CHECK(!r3.done());
    COLOCK_CHECK(s.now(writer.release()));
    COLOCK_CHECK(s.finish(r3));
}

void W2_a_writer_that_leaves_lets_the_readers_behind_it_in(scene& s) {
    const auto reader = s.now(s.locks->lock("a", {.mode = shared}));
    for (const bool cancel : {true, false}) {
        auto writer = s.queue(s.locks->lock("a", {.wait = cancel ? forever : 2 * s.unit}), "a");
        auto later = s.start(s.locks->lock("a", {.wait = forever, .mode = shared}));
        if (cancel)
            writer.cancel();
        COLOCK_CHECK(s.error_of(writer));
        COLOCK_CHECK(s.finish(later));
    }
}

void O1_an_owner_reads_again_in_its_own_hold(scene& s) {
    const auto first = s.now(s.locks->acquire("a", {.owner = "me", .mode = shared}));
    const auto again = s.now(s.locks->acquire("a", {.owner = "me", .mode = shared}));
    COLOCK_CHECK(first.id() == again.id() && first.token() == again.token());
    const auto other = s.now(s.locks->acquire("a", {.owner = "you", .mode = shared}));
    COLOCK_CHECK(other.id() != first.id());
    auto writer = s.queue(s.locks->lock("a", {.wait = forever}), "a");
    s.now(s.locks->acquire("a", {.owner = "me", .mode = shared})); // past the writer: it has it already
    COLOCK_CHECK(s.now(s.locks->release("a", {.owner = "me"})));
    COLOCK_CHECK(!s.now(s.locks->release("a", {.owner = "me"})));
    COLOCK_CHECK(s.now(s.locks->release(other)));
    COLOCK_CHECK(s.finish(writer));
}

void O4_of_several_readers_of_nobody_the_oldest_is_released(scene& s) {
    const auto first = s.now(s.locks->acquire("a", {.mode = shared}));
    const auto named = s.now(s.locks->acquire("a", {.owner = "me", .mode = shared}));
    const auto second = s.now(s.locks->acquire("a", {.mode = shared}));
    COLOCK_CHECK(s.now(s.locks->release("a")));
    COLOCK_CHECK(!s.now(s.locks->release(first)));
    COLOCK_CHECK(s.now(s.locks->release("a", {.owner = "me"})));
    COLOCK_CHECK(!s.now(s.locks->release(named)));
    COLOCK_CHECK(s.now(s.locks->release(second)));
    COLOCK_CHECK(s.is_free("a"));
}

void O4_an_upgrade_is_refused_even_with_a_wait(scene& s) {
    s.now(s.locks->acquire("a", {.owner = "me", .mode = shared}));
    COLOCK_CHECK(s.error_of(s.locks->acquire("a", {.owner = "me"})) == errc::already_locked);
    if (!s.who.lacks.has(feature::waiting))
        COLOCK_CHECK(s.error_of(s.locks->acquire("a", {.owner = "me", .wait = forever})) ==
                     errc::already_locked);
    const auto stronger = s.now(s.locks->acquire("b", {.owner = "me"}));
    const auto weaker = s.now(s.locks->acquire("b", {.owner = "me", .mode = shared}));
    COLOCK_CHECK(stronger.id() == weaker.id());
    COLOCK_CHECK(!s.now(s.locks->try_acquire("b", {.mode = shared}))); // still exclusive
}

void O5_release_all_takes_one_owners_part_of_a_shared_key(scene& s) {
    s.now(s.locks->acquire("a", {.owner = "me", .mode = shared}));
    const auto other = s.now(s.locks->acquire("a", {.owner = "you", .mode = shared}));
    COLOCK_CHECK(s.now(s.locks->release_all({.owner = "me"})) == 1);
    COLOCK_CHECK(!s.is_free("a"));
    COLOCK_CHECK(s.now(s.locks->release(other)));
    const auto one = s.now(s.locks->lock("b", {.mode = shared}));
    const auto two = s.now(s.locks->lock("b", {.mode = shared}));
    COLOCK_CHECK(s.now(s.locks->release_all()) == 1); // keys, not holds
    COLOCK_CHECK(s.is_free("b"));
}

void L1_each_reader_has_a_lease_of_its_own(scene& s) {
    const auto longer = s.now(s.locks->acquire("a", {.expire = 1h, .mode = shared}));
    s.now(s.locks->acquire("a", {.owner = "me", .expire = s.unit, .mode = shared}));
    s.until(
        [&] {
            const auto info = s.info("a");
            return info && info->holders.size() == 1;
        },
        "one of two readers had expired");
    COLOCK_CHECK(!s.is_free("a"));
    COLOCK_CHECK(s.now(s.locks->release(longer)));
    s.until_empty();
}

void K4_readers_and_writers_of_several_keys(scene& s) {
    auto r1 = s.now(s.locks->lock(keys("a", "b"), {.mode = shared}));
    auto r2 = s.now(s.locks->lock(keys("b", "c"), {.mode = shared}));
    auto writer = s.queue(s.locks->lock(keys("a", "c"), {.wait = forever}), "a");
    COLOCK_CHECK(!s.now(s.locks->try_lock(keys("a", "d"), {.mode = shared})));
    COLOCK_CHECK(s.now(s.locks->try_lock(keys("b", "d"), {.mode = shared})));
    COLOCK_CHECK(s.now(r1.release()));
    COLOCK_CHECK(s.waiters("a") == 1);
    COLOCK_CHECK(s.now(r2.release()));
    COLOCK_CHECK(s.finish(writer));
}

} // namespace

std::span<const test_case> shared_cases() {
    static constexpr test_case all[] = {
        COLOCK_CASE(W1_readers_may_share_without_waiting, feature::shared),
        COLOCK_CASE(W1_readers_enter_in_batches_and_do_not_overtake_a_writer, feature::shared,
                    feature::waiting, feature::listing),
        COLOCK_CASE(W2_a_writer_that_leaves_lets_the_readers_behind_it_in, feature::shared, feature::waiting,
                    feature::listing),
        COLOCK_CASE(O1_an_owner_reads_again_in_its_own_hold, feature::shared, feature::owners,
                    feature::waiting, feature::listing),
        COLOCK_CASE(O4_of_several_readers_of_nobody_the_oldest_is_released, feature::shared, feature::owners),
        COLOCK_CASE(O4_an_upgrade_is_refused_even_with_a_wait, feature::shared, feature::owners),
        COLOCK_CASE(O5_release_all_takes_one_owners_part_of_a_shared_key, feature::shared, feature::owners),
        COLOCK_CASE(L1_each_reader_has_a_lease_of_its_own, feature::shared, feature::owners, feature::expiry,
                    feature::listing),
        COLOCK_CASE(K4_readers_and_writers_of_several_keys, feature::shared, feature::waiting,
                    feature::listing),
    };
    return all;
}

} // namespace colock::conformance
