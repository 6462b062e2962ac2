#include "redis/codec.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

BOOST_AUTO_TEST_SUITE(redis_codec)

using namespace colock::redis;

BOOST_AUTO_TEST_CASE(a_command_is_an_array_of_its_words_whatever_is_in_them) {
    std::string out;
    command("SET", std::string_view("a\0\r\n$", 5), "").add(std::int64_t{-7}).append_to(out);
    using namespace std::string_literals;
    BOOST_CHECK_EQUAL(out, "*4\r\n$3\r\nSET\r\n$5\r\na\0\r\n$\r\n$0\r\n\r\n$2\r\n-7\r\n"s);
}

void check_nested(const value& v) {
    BOOST_CHECK_EQUAL(v.size(), 4u);
    BOOST_CHECK_EQUAL(v[0].text(), "g");
    BOOST_CHECK_EQUAL(v[1].number(), 1795479351301801);
    BOOST_CHECK(v[1].is_number());
    BOOST_CHECK_EQUAL(v[2].size(), 2u);
    BOOST_CHECK_EQUAL(v[2][1].text(), "");
    BOOST_CHECK(v[3].is_error());
    BOOST_CHECK_EQUAL(v[4].text(), ""); // beyond the end
    BOOST_CHECK_EQUAL(v[4][7].number(), 0);
}

BOOST_AUTO_TEST_CASE(replies_may_be_cut_anywhere) {
    std::string bytes = "*4\r\n+g\r\n:1795479351301801\r\n*2\r\n$3\r\n";
    bytes += std::string("a\0b", 3);
    bytes += "\r\n$-1\r\n-ERR wrong\r\n";
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        reply_reader reader;
        BOOST_REQUIRE(reader.feed(std::string_view(bytes).substr(0, cut)));
        auto first = reader.next();
        if (cut < bytes.size()) {
            BOOST_CHECK(!first);
            BOOST_REQUIRE(reader.feed(std::string_view(bytes).substr(cut)));
            first = reader.next();
        }
        BOOST_REQUIRE(first);
        check_nested(first.get());
        BOOST_CHECK(!reader.next());
        BOOST_CHECK(!reader.failed());
    }
}

BOOST_AUTO_TEST_CASE(several_replies_in_one_piece) {
    reply_reader reader;
    BOOST_REQUIRE(reader.feed(":1\r\n:2\r\n+three\r\n:4"));
    BOOST_CHECK_EQUAL(reader.next().get().number(), 1);
    BOOST_CHECK_EQUAL(reader.next().get().number(), 2);
    BOOST_CHECK_EQUAL(reader.next().get().text(), "three");
    BOOST_CHECK(!reader.next());
}

BOOST_AUTO_TEST_CASE(what_is_not_the_protocol_is_told_and_nothing_breaks) {
    std::minstd_rand random(1);
    int wrong = 0;
    for (int i = 0; i < 20000; ++i) {
        reply_reader reader;
        std::string bytes = "*2\r\n$1\r\na\r\n:12\r\n";
        const std::size_t changes = 1 + random() % 3;
        for (std::size_t c = 0; c < changes; ++c)
            bytes[random() % bytes.size()] = static_cast<char>(random());
        if (!reader.feed(bytes)) {
            ++wrong;
            continue;
        }
        while (const auto reply = reader.next())
            (void)reply.get()[0].text();
        wrong += reader.failed();
    }
    BOOST_CHECK_GT(wrong, 1000);
    reply_reader http;
    BOOST_REQUIRE(http.feed("HTTP/1.1 400 Bad Request\r\n"));
    BOOST_CHECK(!http.next());
    BOOST_CHECK(http.failed());
    BOOST_CHECK(!http.error().empty());
}

BOOST_AUTO_TEST_SUITE_END()
