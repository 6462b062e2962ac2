// The parser of messages, which every byte of every stranger reaches first.
#include "request.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace seat_service;
using namespace std::chrono_literals;

namespace {

std::variant<request, refusal> parse(const std::string& text) {
    return parse_request(text, limits{});
}

template<class Operation>
Operation read(const std::string& text) {
    auto parsed = parse(text);
    if (const auto* refused = std::get_if<refusal>(&parsed))
        BOOST_FAIL(text << " was refused: " << refused->message);
    return std::get<Operation>(std::get<request>(parsed).what);
}

refusal refused(const std::string& text) {
    auto parsed = parse(text);
    BOOST_TEST_REQUIRE(std::holds_alternative<refusal>(parsed), text << " was taken");
    return std::get<refusal>(parsed);
}

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_requests)

BOOST_AUTO_TEST_CASE(every_operation_is_read) {
    const auto greeting = read<hello>(
        R"({"id":1,"op":"hello","protocol":1,"token":"t","name":"Ada","secret":"0123456789abcdef"})");
    BOOST_TEST(greeting.token.value() == "t");
    BOOST_TEST(greeting.name.value() == "Ada");
    BOOST_TEST(greeting.secret.value() == "0123456789abcdef");

    const auto taking = read<acquire>(
        R"({"id":1,"op":"acquire","keys":["a","b"],"owner":"o","expire_ms":10,"wait_ms":20,"mode":"shared"})");
    BOOST_TEST(taking.keys.size() == 2u);
    BOOST_TEST(taking.owner.value() == "o");
    BOOST_TEST((taking.expire == 10ms));
    BOOST_TEST((taking.wait == 20ms));
    BOOST_TEST((taking.mode == colock::lock_mode::shared));
    const auto plain = read<acquire>(R"({"id":1,"op":"acquire","keys":["a"]})");
    BOOST_TEST(!plain.owner);
    BOOST_TEST(!plain.expire);
    BOOST_TEST((plain.wait == 0ms));
    BOOST_TEST((plain.mode == colock::lock_mode::exclusive));

    BOOST_TEST((read<extend>(R"({"id":1,"op":"extend","lock":"l","expire_ms":5})").expire == 5ms));
    BOOST_TEST(read<release>(R"({"id":1,"op":"release","lock":"l"})").lock == "l");
    BOOST_TEST(!read<release_all>(R"({"id":1,"op":"release_all"})").owner);
    BOOST_TEST(read<release_all>(R"({"id":1,"op":"release_all","owner":"o"})").owner.value() == "o");
    BOOST_TEST(read<abandon>(R"({"id":1,"op":"abandon","request":"x"})").request == "\"x\"");
    BOOST_TEST(read<abandon>(R"({"id":1,"op":"abandon","request":7})").request == "7");
    BOOST_TEST(read<list>(R"({"id":1,"op":"list"})").prefix.empty());
    BOOST_TEST(read<watch>(R"({"id":1,"op":"watch","prefix":"seat/"})").prefix == "seat/");
    BOOST_TEST(read<unwatch>(R"({"id":1,"op":"unwatch","watch":3})").watch == 3);
    read<ping>(R"({"id":1,"op":"ping"})");
    read<seats>(R"({"id":1,"op":"seats"})");
    read<watch_seats>(R"({"id":1,"op":"watch_seats"})");

    const auto buying =
        read<reserve>(R"({"id":1,"op":"reserve","seats":["B1","A1","B1"],"name":"Bo","lock":"l"})");
    BOOST_TEST((buying.seats == seat_list{0, 12}), "each once, in order");
    BOOST_TEST(buying.name.value() == "Bo");
    BOOST_TEST(buying.lock.value() == "l");
    BOOST_TEST((buying.wait == 5000ms));
    BOOST_TEST(read<seat_service::rename>(R"({"id":1,"op":"rename","seats":["H12"],"name":"Bo","wait_ms":0})")
                   .seats.front() == 95u);
    BOOST_TEST((read<give_back>(R"({"id":1,"op":"give_back","seats":["A1"],"wait_ms":1})").wait == 1ms));
}

BOOST_AUTO_TEST_CASE(ids_are_echoed_as_they_were) {
    for (const char* id :
         {"0", "-5", "9223372036854775807", "18446744073709551615", "\"\"", "\"x\\\"y\"", "\"\\u0000\""}) {
        auto parsed = parse(std::string(R"({"op":"ping","id":)") + id + "}");
        BOOST_TEST_REQUIRE(std::holds_alternative<request>(parsed), id);
        BOOST_TEST(std::get<request>(parsed).id == id);
        BOOST_TEST(refused(std::string(R"({"op":"pong","id":)") + id + "}").id == id);
    }
    for (const char* id : {"1.0", "1e3", "true", "null", "[]", "{}", "18446744073709551616"})
        BOOST_TEST(refused(std::string(R"({"op":"ping","id":)") + id + "}").id == "null");
    BOOST_TEST(refused(R"({"op":"ping"})").id == "null");
    const std::string longest(max_request_id, 'x');
    BOOST_TEST(std::holds_alternative<request>(parse(R"({"op":"ping","id":")" + longest + "\"}")));
    BOOST_TEST(refused(R"({"op":"ping","id":"x)" + longest + "\"}").id == "null");
}

BOOST_AUTO_TEST_CASE(what_is_no_request_is_refused) {
    const std::string bad[] = {
        "",
        " ",
        "{",
        "}",
        "nonsense",
        "null",
        "1",
        "\"x\"",
        "[]",
        "[{}]",
        "{}",
        "{\"id\":1}",
        R"({"id":1,"op":1})",
        R"({"id":1,"op":null})",
        R"({"id":1,"op":"ping"} )"
        "x",
        R"({"id":1,"op":"ping",})",
        R"({'id':1,'op':'ping'})",
        R"({"id":1,"op":"ping","more":1})",
        R"({"id":1,"op":"ping","keys":[]})",
        R"({"id":1,"op":"ping"}{"id":2,"op":"ping"})",
        std::string("{\"id\":1,\"op\":\"ping\"}\0", 21),
        "{\"id\":1,\"op\":\"\xff\xfe\"}",
        R"({"id":1,"op":"list","prefix":"\ud800"})",
        R"({"id":1,"op":"list","prefix":5})",
        R"({"id":1,"op":"acquire"})",
        R"({"id":1,"op":"acquire","keys":"a"})",
        R"({"id":1,"op":"acquire","keys":[]})",
        R"({"id":1,"op":"acquire","keys":[""]})",
        R"({"id":1,"op":"acquire","keys":[1]})",
        R"({"id":1,"op":"acquire","keys":[["a"]]})",
        R"({"id":1,"op":"acquire","keys":{"a":1}})",
        R"({"id":1,"op":"acquire","keys":["a"],"owner":""})",
        R"({"id":1,"op":"acquire","keys":["a"],"owner":"o"})", // needs expire_ms
        R"({"id":1,"op":"acquire","keys":["a"],"owner":"\n","expire_ms":1})",
        R"({"id":1,"op":"acquire","keys":["a"],"owner":null})",
        R"({"id":1,"op":"acquire","keys":["a"],"expire_ms":0})",
        R"({"id":1,"op":"acquire","keys":["a"],"expire_ms":-1})",
        R"({"id":1,"op":"acquire","keys":["a"],"expire_ms":1.5})",
        R"({"id":1,"op":"acquire","keys":["a"],"expire_ms":"1"})",
        R"({"id":1,"op":"acquire","keys":["a"],"expire_ms":86400001})",
        R"({"id":1,"op":"acquire","keys":["a"],"expire_ms":18446744073709551615})",
        R"({"id":1,"op":"acquire","keys":["a"],"expire_ms":1e400})",
        R"({"id":1,"op":"acquire","keys":["a"],"wait_ms":-1})",
        R"({"id":1,"op":"acquire","keys":["a"],"wait_ms":3600001})",
        R"({"id":1,"op":"acquire","keys":["a"],"mode":"write"})",
        R"({"id":1,"op":"acquire","keys":["a"],"mode":1})",
        R"({"id":1,"op":"acquire","keys":["a"],"waitms":1})",
        R"({"id":1,"op":"extend","lock":"l"})",
        R"({"id":1,"op":"extend","expire_ms":1})",
        R"({"id":1,"op":"release"})",
        R"({"id":1,"op":"release","lock":""})",
        R"({"id":1,"op":"release","lock":[]})",
        R"({"id":1,"op":"abandon"})",
        R"({"id":1,"op":"abandon","request":1.5})",
        R"({"id":1,"op":"unwatch","watch":0})",
        R"({"id":1,"op":"unwatch"})",
        R"({"id":1,"op":"hello"})",
        R"({"id":1,"op":"hello","protocol":2})",
        R"({"id":1,"op":"hello","protocol":1,"name":""})",
        R"({"id":1,"op":"hello","protocol":1,"name":"a\u0007"})",
        R"({"id":1,"op":"hello","protocol":1,"secret":"short"})",
        R"({"id":1,"op":"reserve"})",
        R"({"id":1,"op":"reserve","seats":[]})",
        R"({"id":1,"op":"reserve","seats":["I1"]})",
        R"({"id":1,"op":"reserve","seats":["A0"]})",
        R"({"id":1,"op":"reserve","seats":["A13"]})",
        R"({"id":1,"op":"reserve","seats":["A01"]})",
        R"({"id":1,"op":"reserve","seats":["A"]})",
        R"({"id":1,"op":"reserve","seats":["a1"]})",
        R"({"id":1,"op":"reserve","seats":["A1 "]})",
        R"({"id":1,"op":"reserve","seats":[1]})",
        R"({"id":1,"op":"reserve","seats":["A1","A2","A3","A4","A5","A6","A7","A8","A9"]})",
        R"({"id":1,"op":"rename","seats":["A1"]})",
        R"({"id":1,"op":"give_back","seats":["A1"],"name":"x"})",
    };
    for (const std::string& text : bad) {
        const refusal why = refused(text);
        BOOST_TEST((why.why == fault::bad_request), text);
        BOOST_TEST(!why.message.empty(), text);
    }
}

BOOST_AUTO_TEST_CASE(unknown_operations_are_named) {
    for (const char* op : {"", "ACQUIRE", "acquire ", "drop", "__proto__"}) {
        const refusal why = refused(std::string(R"({"id":1,"op":")") + op + "\"}");
        BOOST_TEST((why.why == fault::unknown_operation));
        BOOST_TEST(why.message.find(op) != std::string::npos);
        BOOST_TEST(why.id == "1");
    }
}

BOOST_AUTO_TEST_CASE(an_operation_is_quoted_in_whole_characters) {
    std::string shown = "x"; // 40 bytes would end within a character
    for (int i = 0; i < 19; ++i)
        shown.append("é");
    std::string text = R"({"id":1,"op":")";
    text.append(shown).append("éé\"}");
    const std::string message = refused(text).message;
    BOOST_TEST(message.ends_with(shown.append("\"")), message);
}

BOOST_AUTO_TEST_CASE(sizes_are_bounded) {
    const auto keys = [](std::size_t count, const std::string& key) {
        std::string text = R"({"id":1,"op":"acquire","keys":[)";
        for (std::size_t i = 0; i < count; ++i)
            text += (i ? ",\"" : "\"") + key + std::to_string(i) + '"';
        return text + "]}";
    };
    const limits allowed;
    BOOST_TEST(read<acquire>(keys(allowed.max_keys, "k")).keys.size() == allowed.max_keys);
    refused(keys(allowed.max_keys + 1, "k"));
    read<acquire>(keys(1, std::string(colock::max_name_length - 1, 'x')));
    refused(keys(1, std::string(colock::max_name_length, 'x')));
    refused(R"({"id":1,"op":"hello","protocol":1,"name":")" + std::string(41, 'x') + "\"}");
    refused(R"({"id":1,"op":"hello","protocol":1,"secret":")" + std::string(129, 'x') + "\"}");
}

BOOST_AUTO_TEST_CASE(depth_is_bounded) {
    for (const std::size_t depth : {9u, 100u, 10'000u, 1'000'000u}) {
        refused(nested(depth));
        refused(std::string(depth, '['));
        refused(R"({"id":1,"op":"list","prefix":)" + nested(depth) + "}");
        std::string objects;
        for (std::size_t i = 0; i < depth; ++i)
            objects += "{\"a\":";
        refused(objects);
    }
}

BOOST_AUTO_TEST_CASE(keys_are_any_text) {
    const auto taken = read<acquire>(R"({"id":1,"op":"acquire","keys":["a\u0000b","ключ","\u00e9"]})");
    BOOST_TEST(taken.keys[0] == std::string("a\0b", 3));
    BOOST_TEST(taken.keys[1] == "ключ");
    BOOST_TEST(taken.keys[2] == "\xc3\xa9");
}

BOOST_AUTO_TEST_SUITE_END()
