// That the ledger notices what it is for.
#include "helpers.hpp"
#include "ledger.hpp"
#include "scratch_file.hpp"

namespace abuse {
namespace {

struct book {
    scratch_file file;
    ledger_writer writer{file.name()};

    void buys(unsigned who, std::uint64_t token) {
        writer.wants(who);
        writer.has(who, token);
    }
    void gives_back(unsigned who, std::uint64_t token) {
        writer.returns(who);
        writer.has_returned(who, token);
    }
    [[nodiscard]] std::size_t breaches() const { return judge(file.name()).breaches.size(); }
};

BOOST_AUTO_TEST_SUITE(ledger)

BOOST_FIXTURE_TEST_CASE(sales_and_returns_in_turn_are_fine_in_any_order_of_writing, book) {
    gives_back(1, 11);
    buys(2, 12);
    buys(1, 10);
    writer.wants(3);
    writer.has_not(3);
    gives_back(2, 13);
    BOOST_TEST(breaches() == 0u);
    BOOST_TEST(judge(file.name()).sold == 2u);
    BOOST_TEST(judge(file.name()).unanswered == 0u);
}

BOOST_FIXTURE_TEST_CASE(two_who_have_it_are_a_breach, book) {
    buys(1, 10);
    buys(2, 11);
    BOOST_TEST(breaches() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_return_without_an_answer_explains_one_sale, book) {
    buys(1, 10);
    writer.returns(1);
    buys(2, 11);
    BOOST_TEST(breaches() == 0u);
    BOOST_TEST(judge(file.name()).hidden == 1u);
    buys(1, 12);
    BOOST_TEST(breaches() == 1u);
}

BOOST_FIXTURE_TEST_CASE(nobody_gives_back_what_another_has, book) {
    buys(1, 10);
    gives_back(2, 11);
    BOOST_TEST(breaches() == 2u);
}

BOOST_FIXTURE_TEST_CASE(a_sale_without_an_answer_explains_a_return, book) {
    writer.wants(1);
    gives_back(1, 10);
    BOOST_TEST(breaches() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_token_of_two_is_a_breach, book) {
    buys(1, 10);
    gives_back(1, 10);
    BOOST_TEST(breaches() == 1u);
}

BOOST_FIXTURE_TEST_CASE(what_one_surely_has_can_be_given_back, book) {
    buys(1, 0); // without a token
    writer.returns(1);
    writer.has_not_returned(1, "not_yours");
    BOOST_TEST(breaches() == 1u);
}

BOOST_FIXTURE_TEST_CASE(what_may_have_been_given_back_need_not_be_there, book) {
    buys(1, 10);
    writer.returns(1);
    writer.returns(1);
    writer.has_not_returned(1, "not_yours");
    BOOST_TEST(breaches() == 0u);
}

BOOST_FIXTURE_TEST_CASE(complaints_are_breaches, book) {
    writer.complains(7, "{\"ok\":false}");
    BOOST_TEST(breaches() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace abuse
