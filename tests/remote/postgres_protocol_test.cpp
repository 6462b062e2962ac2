#include "postgres/protocol.hpp"

#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <stdexcept>

BOOST_AUTO_TEST_SUITE(postgres_protocol)

using namespace colock_test;
using namespace colock::postgres;
using namespace colock::remote;
using colock::forever;
using colock::never;

struct step_operation final : operation {
    explicit step_operation(step s, colock::key_set k = "a") {
        what = std::move(s);
        keys = std::move(k);
        id = {0xffffffffffffffff, 0x1f};
        tries = 1;
        sent_at = colock::time_point(10s);
    }
    void completed(reply) override {}
};

const dialect shop{"colock", "shop", -1, 1000};

call encoded(const operation& of, std::uint64_t link = 1) {
    server_clock clock;
    clock.observe(110'000'000, colock::time_point(10s), colock::time_point(10s)); // 100 s ahead of us
    return encode(shop, of, clock, link, false);
}

std::vector<std::string> words(const operation& of, std::uint64_t link = 1) {
    std::vector<std::string> result;
    for (const auto& one : encoded(of, link).parameters)
        result.push_back(one.value_or("null"));
    return result;
}

BOOST_AUTO_TEST_CASE(an_acquisition_as_a_call) {
    step_operation op(acquire_step{.deadline = colock::time_point(12s)}, colock::keys("b", "a"));
    op.owner = "m\"e";
    op.mode = colock::lock_mode::shared;
    op.expire = 1500us + 1ns; // rounded up
    const std::vector<std::string> expected{
        "shop", "-1",        "31",   "1",         "",     "140000000",           "t",
        "f",    "\\x6d2265", "1501", "112005000", "1000", R"({"\\x61","\\x62"})"};
    const auto w = words(op);
    BOOST_CHECK_EQUAL_COLLECTIONS(w.begin(), w.end(), expected.begin(), expected.end());
    BOOST_CHECK(encoded(op).function == function_id::acquire);
}

BOOST_AUTO_TEST_CASE(each_function_has_as_many_parameters_as_its_call) {
    const std::pair<step, function_id> all[] = {
        {acquire_step{}, function_id::acquire}, {leave_step{}, function_id::leave},
        {release_step{}, function_id::release}, {extend_step{}, function_id::extend},
        {tick_step{}, function_id::tick},       {release_all_step{}, function_id::release_all},
        {list_step{}, function_id::list}};
    for (const auto& [what, id] : all) {
        const call made = encoded(step_operation(what));
        BOOST_CHECK(made.function == id);
        const std::string text = statement_text(id, "colock");
        const std::size_t placeholders = static_cast<std::size_t>(std::count(text.begin(), text.end(), '$'));
        BOOST_CHECK_EQUAL(placeholders, made.parameters.size());
    }
    BOOST_CHECK_EQUAL(statement_text(function_id::leave, "x"),
                      "SELECT * FROM x.leave($1::text, $2::int8, $3::int8, $4::text, $5::bytea[])");
}

BOOST_AUTO_TEST_CASE(limits_that_never_come) {
    step_operation op(acquire_step{.deadline = never});
    BOOST_CHECK_EQUAL(words(op)[9], "0");  // no expire
    BOOST_CHECK_EQUAL(words(op)[10], "0"); // no deadline
    op.what = acquire_step();
    op.expire = forever;
    BOOST_CHECK_EQUAL(words(op)[9], "-1");    // no end
    BOOST_CHECK_EQUAL(words(op)[10], "null"); // do not queue
}

BOOST_AUTO_TEST_CASE(a_message_that_may_have_a_forerunner_says_so) {
    step_operation op(acquire_step{});
    op.unanswered = true;
    BOOST_CHECK_EQUAL(words(op)[4], "r");
    const step_operation leaving(leave_step{.first_link = 1});
    BOOST_CHECK_EQUAL(words(leaving, 1)[3], "");
    BOOST_CHECK_EQUAL(words(leaving, 2)[3], "t");
}

BOOST_AUTO_TEST_CASE(what_is_listed_lies_between_two_texts) {
    const auto bounds = [](std::string prefix) {
        list_step step;
        step.prefix = std::move(prefix);
        auto w = words(step_operation(step));
        return w[3].append(1, ' ').append(w[4]);
    };
    BOOST_CHECK_EQUAL(bounds(""), "\\x null");
    BOOST_CHECK_EQUAL(bounds("ab"), "\\x6162 \\x6163");
    BOOST_CHECK_EQUAL(bounds("a\xff"), "\\x61ff \\x62");
    BOOST_CHECK_EQUAL(bounds("\xff\xff"), "\\xffff null");
}

BOOST_AUTO_TEST_CASE(a_process_listens_on_a_channel_of_its_own) {
    BOOST_CHECK_EQUAL(encoded(step_operation(listen_step{})).text, "LISTEN \"colock_ffffffffffffffff\"");
}

/// An answer as the server would give it; absent values are NULL.
class answer {
public:
    using line = std::array<std::optional<std::string>, 9>;
    explicit answer(const std::vector<line>& lines, int columns = 9)
        : made_(PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK)) {
        std::vector<PGresAttDesc> names(static_cast<std::size_t>(columns));
        std::string name = "x";
        for (auto& one : names)
            one = {name.data(), 0, 0, 0, 0, 0, 0};
        BOOST_REQUIRE(PQsetResultAttrs(made_.get(), columns, names.data()));
        for (std::size_t row = 0; row < lines.size(); ++row)
            for (int column = 0; column < columns; ++column) {
                auto value = lines[row][static_cast<std::size_t>(column)];
                BOOST_REQUIRE(PQsetvalue(made_.get(), static_cast<int>(row), column,
                                         value ? value->data() : nullptr,
                                         value ? static_cast<int>(value->size()) : -1));
            }
    }
    reply to(const operation& what, side_effects& besides) const {
        std::int64_t server = 0;
        const reply result = decode(what, *made_, server, besides);
        BOOST_CHECK(server != 0);
        return result;
    }

private:
    result_ptr made_;
};
constexpr auto null = std::nullopt;

BOOST_AUTO_TEST_CASE(T1_a_token_has_all_its_64_bits) {
    side_effects besides;
    const step_operation op(acquire_step{});
    const reply granted =
        answer({{"done", "1000", "-2", "9", "-3", "3000", null, null, "t"}}).to(op, besides);
    BOOST_CHECK(granted.what == verdict::done);
    BOOST_CHECK_EQUAL(granted.token, 0xfffffffffffffffd);
    BOOST_CHECK((granted.id == colock::grant_id{0xfffffffffffffffe, 9}));
    BOOST_CHECK(granted.remaining == 2ms);
    BOOST_CHECK(granted.same_hold);
    BOOST_CHECK(answer({{"done", "1", "1", "1", "1", "0", null, null, "f"}}).to(op, besides).remaining ==
                forever);
}

BOOST_AUTO_TEST_CASE(an_answer_in_full) {
    side_effects besides;
    const step_operation op(acquire_step{});
    const reply queued = answer({{"expired", null, null, null, "9", "2500", "\\x6b00", "\\x6d65", "t"},
                                 {"queued", "1000", null, null, null, "-1", null, null, null},
                                 {"wake", null, "1", "26", null, null, null, null, null},
                                 {"lost", null, "1", "7", null, null, null, null, null},
                                 {"waiters", null, null, "3", null, null, null, null, null}})
                             .to(op, besides);
    BOOST_CHECK(queued.what == verdict::queued);
    BOOST_CHECK(queued.remaining == forever);
    BOOST_CHECK((queued.waiters == std::vector<std::size_t>{3}));
    BOOST_CHECK((besides.woken == std::vector<std::uint64_t>{26}));
    BOOST_CHECK((besides.lost == std::vector<std::uint64_t>{7}));
    BOOST_REQUIRE_EQUAL(besides.events.size(), 1u);
    BOOST_CHECK(besides.events[0].kind == colock::lock_event_kind::expired);
    BOOST_CHECK(besides.events[0].key == std::string("k\0", 2));
    BOOST_CHECK_EQUAL(besides.events[0].owner, "me");
    BOOST_CHECK(besides.events[0].mode == colock::lock_mode::shared);
    BOOST_CHECK(besides.events[0].elapsed == 2500us);
}

BOOST_AUTO_TEST_CASE(the_answer_to_a_tick) {
    side_effects besides;
    const reply ticked = answer({{"unrenewed", null, null, "5", null, null, null, null, null},
                                 {"missing", null, null, "6", null, null, null, null, null},
                                 {"change", null, null, null, null, "2000", null, null, null},
                                 {"change", null, null, null, null, "-1", null, null, null},
                                 {"done", "1000", null, "1", null, null, "\\x61", null, null}})
                             .to(step_operation(tick_step{}), besides);
    BOOST_CHECK((ticked.lost == std::vector<std::uint64_t>{5}));
    BOOST_CHECK((ticked.missing == std::vector<std::uint64_t>{6}));
    BOOST_CHECK((ticked.changes == std::vector<colock::duration>{2ms, forever}));
    BOOST_CHECK(ticked.more);
    BOOST_CHECK_EQUAL(ticked.cursor, "\\x61");
    tick_step next;
    next.cursor = ticked.cursor;
    BOOST_CHECK_EQUAL(words(step_operation(next))[4], "\\x61");
    BOOST_CHECK_EQUAL(words(step_operation(tick_step{}))[4], "null");
    const reply last = answer({{"done", "1", null, "0", null, null, null, null, null}})
                           .to(step_operation(tick_step{}), besides);
    BOOST_CHECK_EQUAL(last.cursor, "0");
    BOOST_CHECK(!last.more);
}

BOOST_AUTO_TEST_CASE(what_is_listed) {
    side_effects besides;
    const reply listed = answer({{"key", "1", null, "2", null, null, "\\x61", null, null},
                                 {"holder", "1500", "8", "9", "10", "-1", null, "\\x6d65", "f"},
                                 {"scope", "2500", "8", "11", "12", "4000", null, "\\x", "t"},
                                 {"done", "1", null, null, null, null, null, null, null}})
                             .to(step_operation(list_step{}), besides);
    BOOST_REQUIRE_EQUAL(listed.locks.size(), 1u);
    const auto& found = listed.locks[0];
    BOOST_CHECK_EQUAL(found.key, "a");
    BOOST_CHECK_EQUAL(found.waiters, 2u);
    BOOST_REQUIRE_EQUAL(found.holders.size(), 2u);
    BOOST_CHECK_EQUAL(found.holders[0].owner, "me");
    BOOST_CHECK(found.holders[0].remaining == forever && !found.holders[0].scoped);
    BOOST_CHECK(found.holders[1].scoped && found.holders[1].remaining == 4ms &&
                found.holders[1].age == 2500us);
}

BOOST_AUTO_TEST_CASE(an_answer_that_makes_no_sense_is_refused) {
    side_effects besides;
    const step_operation op(acquire_step{});
    const auto refused = [&](const answer& what) {
        BOOST_CHECK_THROW((void)what.to(op, besides), std::runtime_error);
    };
    refused(answer({}));
    refused(answer({{"why", "1", null, null, null, null, null, null, null}}));
    refused(answer({{"wake", null, null, "1", null, null, null, null, null}})); // and what was done?
    refused(answer({{"done"}}, 1));
}

BOOST_AUTO_TEST_SUITE_END()
