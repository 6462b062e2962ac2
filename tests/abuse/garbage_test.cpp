#include "bystander.hpp"

#include <ws_client/http.hpp>

#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <map>

namespace abuse {
namespace {

const std::vector<std::string> no_rate_limit{"--max-requests-per-second", "1000000", "--payment", "0"};

struct wrong_message {
    std::string text;
    std::string code;
};

std::string repeated(std::string_view part, std::size_t times) {
    std::string result;
    for (; times != 0; --times)
        result += part;
    return result;
}

/// Everything a client may get wrong in a text message that is UTF-8 and short enough.
std::vector<wrong_message> wrong_messages() {
    const std::string bad = "bad_request";
    std::vector<wrong_message> all;
    for (const char* text : {"",
                             " ",
                             "null",
                             "true",
                             "7",
                             "\"acquire\"",
                             "[]",
                             "{}",
                             "{",
                             "}",
                             "{]",
                             "[1,2",
                             "{\"id\":1",
                             "{'id':1,'op':'ping'}",
                             "{\"id\":1,\"op\":\"ping\"} x",
                             "{\"id\":1,\"op\":\"ping\"}{\"id\":2,\"op\":\"ping\"}",
                             "{\"id\":1,\"op\":\"ping\",}",
                             "{\"id\":1}",
                             "{\"op\":\"ping\"}",
                             "{\"id\":null,\"op\":\"ping\"}",
                             "{\"id\":1.5,\"op\":\"ping\"}",
                             "{\"id\":{},\"op\":\"ping\"}",
                             "{\"id\":[1],\"op\":\"ping\"}",
                             "{\"id\":true,\"op\":\"ping\"}",
                             "{\"id\":1e999,\"op\":\"ping\"}",
                             "{\"id\":1,\"op\":7}",
                             "{\"id\":1,\"op\":null}",
                             "{\"id\":1,\"op\":[\"ping\"]}",
                             "{\"id\":1,\"op\":\"ping\",\"extra\":1}",
                             "{\"id\":1,\"op\":\"acquire\"}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":[]}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":\"a\"}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":[1]}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":[null]}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":[[\"a\"]]}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":{\"a\":1}}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":[\"a\"],\"wait_ms\":-1}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":[\"a\"],\"wait_ms\":\"5\"}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":[\"a\"],\"wait_ms\":1.5}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":[\"a\"],\"wait_ms\":9223372036854775807}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":[\"a\"],\"wait_ms\":1e30}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":[\"a\"],\"expire_ms\":0}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":[\"a\"],\"expire_ms\":-5}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":[\"a\"],\"mode\":\"both\"}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":[\"a\"],\"mode\":7}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":[\"a\"],\"owner\":\"\"}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":[\"a\"],\"owner\":7}",
                             "{\"id\":1,\"op\":\"acquire\",\"keys\":[\"a\"],\"owner\":\"o\"}",
                             "{\"id\":1,\"op\":\"extend\",\"lock\":\"x\"}",
                             "{\"id\":1,\"op\":\"extend\",\"expire_ms\":5}",
                             "{\"id\":1,\"op\":\"release\"}",
                             "{\"id\":1,\"op\":\"release\",\"lock\":7}",
                             "{\"id\":1,\"op\":\"release_all\",\"owner\":7}",
                             "{\"id\":1,\"op\":\"abandon\"}",
                             "{\"id\":1,\"op\":\"list\",\"prefix\":7}",
                             "{\"id\":1,\"op\":\"watch\",\"prefix\":[]}",
                             "{\"id\":1,\"op\":\"unwatch\"}",
                             "{\"id\":1,\"op\":\"unwatch\",\"watch\":\"1\"}",
                             "{\"id\":1,\"op\":\"reserve\"}",
                             "{\"id\":1,\"op\":\"reserve\",\"seats\":[]}",
                             "{\"id\":1,\"op\":\"reserve\",\"seats\":[\"A0\"]}",
                             "{\"id\":1,\"op\":\"reserve\",\"seats\":[\"A13\"]}",
                             "{\"id\":1,\"op\":\"reserve\",\"seats\":[\"I1\"]}",
                             "{\"id\":1,\"op\":\"reserve\",\"seats\":[\"a1\"]}",
                             "{\"id\":1,\"op\":\"reserve\",\"seats\":[\"A01\"]}",
                             "{\"id\":1,\"op\":\"reserve\",\"seats\":[\"A1 \"]}",
                             "{\"id\":1,\"op\":\"reserve\",\"seats\":[\"\"]}",
                             "{\"id\":1,\"op\":\"reserve\",\"seats\":[1]}",
                             "{\"id\":1,\"op\":\"reserve\",\"seats\":[\"A1\",\"A2\",\"A3\",\"A4\",\"A5\","
                             "\"A6\",\"A7\",\"A8\",\"A9\"]}",
                             "{\"id\":1,\"op\":\"reserve\",\"seats\":[\"A1\"],\"name\":\"\"}",
                             "{\"id\":1,\"op\":\"rename\",\"seats\":[\"A1\"]}",
                             "{\"id\":1,\"op\":\"give_back\",\"seats\":[\"A1\"],\"name\":\"x\"}",
                             "{\"id\":1,\"op\":\"hello\"}",
                             "{\"id\":1,\"op\":\"hello\",\"protocol\":2}",
                             "{\"id\":1,\"op\":\"hello\",\"protocol\":1}",
                             "{\"id\":1,\"id\":2,\"op\":5}",
                             "\xEF\xBB\xBF{\"id\":1,\"op\":\"ping\"}",
                             "{\"id\":1,\"op\":\"pi\nng\"}",
                             "{\"id\":1,\"op\":\"\\ud800\"}"})
        all.push_back({text, bad});
    const std::string acquire = R"({"id":1,"op":"acquire","keys":)";
    all.push_back({acquire + R"([""]})", bad});
    all.push_back({acquire + "[\"" + std::string(513, 'k') + "\"]}", bad});
    all.push_back({acquire + "[\"a\"" + repeated(",\"a\"", 64) + "]}", bad});
    all.push_back({R"({"id":")" + std::string(65, 'i') + R"(","op":"ping"})", bad});
    all.push_back({R"({"id":1,"op":"reserve","seats":["A1"],"name":")" + std::string(41, 'n') + "\"}", bad});
    all.push_back({repeated("[", 30'000), bad});
    all.push_back({repeated("[", 30'000) + repeated("]", 30'000), bad});
    all.push_back({repeated("{\"a\":", 10'000) + '1' + repeated("}", 10'000), bad});
    all.push_back({R"({"id":1,"op":"ping","x":)" + repeated("[", 20'000) + repeated("]", 20'000) + '}', bad});
    all.push_back({'"' + std::string(60'000, 'x') + '"', bad});
    all.push_back({std::string(60'000, '7'), bad});
    all.push_back({std::string(1000, '\0'), bad});
    all.push_back({std::string("{\"id\":1,\0\"op\":\"ping\"}", 21), bad});
    for (const char* operation :
         {"", "PING", "ping ", "drop table", "constructor", "__proto__", "acquire\\u0000", "😀"})
        all.push_back({R"({"id":1,"op":")" + std::string(operation) + "\"}", "unknown_operation"});
    // Cut anywhere, what is left must still be text.
    all.push_back({R"({"id":1,"op":"x)" + repeated("é", 200) + "\"}", "unknown_operation"});
    all.push_back({R"({"id":1,"op":")" + repeated("😀", 200) + "\"}", "unknown_operation"});
    return all;
}

asio::awaitable<ws::reply> answer_to(ws::client& client, std::string text) {
    client.send_text(text);
    try {
        co_return co_await client.next_stray();
    } catch (const std::exception& error) {
        throw std::runtime_error(text.substr(0, 200) + ": " + error.what());
    }
}

asio::awaitable<void> answer_all(ws::client& client, std::vector<wrong_message> all, std::size_t& answered) {
    co_await client.connect();
    const ws::reply first = co_await client.request("ping"); // so that no "hello" can follow
    BOOST_TEST(first.ok());
    for (const wrong_message& each : all) {
        const ws::reply answer = co_await answer_to(client, each.text);
        BOOST_TEST(answer.error() == each.code, each.text.substr(0, 200)
                                                    << " was answered with " << answer.to_text());
        ++answered;
    }
    const ws::reply still_there = co_await client.request("ping");
    BOOST_TEST(still_there.ok());
}

/// A frame as a client sends it, masked with zeros.
std::string frame(unsigned first_byte, std::string_view payload, bool masked = true) {
    std::string result(1, static_cast<char>(first_byte));
    const std::size_t size = payload.size();
    const unsigned mask = masked ? 0x80 : 0;
    if (size < 126) {
        result += static_cast<char>(mask | size);
    } else {
        result += static_cast<char>(mask | 126);
        result += static_cast<char>(size >> 8);
        result += static_cast<char>(size & 0xff);
    }
    if (masked)
        result.append(4, '\0');
    return result.append(payload);
}

struct breach {
    std::string what;
    std::string bytes;
    std::vector<std::uint16_t> codes; ///< that the server may close with
};

std::vector<breach> breaches() {
    const std::string ping = R"({"id":1,"op":"ping"})";
    const std::string bomb =
        std::string("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 10) + std::string(4, '\0');
    return {{"binary", frame(0x82, ping), {1003}},
            {"invalid UTF-8", frame(0x81, "{\"id\":\"\xff\"}"), {1007}},
            {"half of a character", frame(0x81, "\xc3"), {1007}},
            {"an overlong character", frame(0x81, "\xc0\xaf"), {1007}},
            {"a surrogate", frame(0x81, "\xed\xa0\x80"), {1007}},
            {"a frame of 2^63 bytes", bomb, {1009, 1002}},
            {"unmasked", frame(0x81, ping, false), {1002}},
            {"reserved bits", frame(0xf1, ping), {1002}},
            {"a reserved operation", frame(0x83, ping), {1002}},
            {"a continuation of nothing", frame(0x80, ping), {1002}},
            {"a new message within another", frame(0x01, "{") + frame(0x81, "}"), {1002}},
            {"a ping in parts", frame(0x09, "x"), {1002}},
            {"a long ping", frame(0x89, std::string(200, 'x')), {1002}},
            {"a close of one byte", frame(0x88, "x"), {1002}},
            {"a close with a code there is not", frame(0x88, std::string("\x00\x01", 2)), {1002}},
            {"a close with text that is none", frame(0x88, "\x03\xe8\xff"), {1002, 1007}}};
}

asio::awaitable<void> break_protocol(ws::client_options to, std::vector<breach> all, std::size_t& closed) {
    const auto executor = co_await asio::this_coro::executor;
    for (const breach& each : all) {
        ws::client client(executor, to);
        co_await client.connect();
        client.send_bytes(each.bytes);
        const std::uint16_t code = co_await client.ended();
        BOOST_TEST((std::find(each.codes.begin(), each.codes.end(), code) != each.codes.end()),
                   each.what << " was closed with " << code);
        ++closed;
    }
    // Longer than the limit, in one frame and in parts.
    for (const bool parts : {false, true}) {
        ws::client client(executor, to);
        co_await client.connect();
        if (parts)
            client.send_bytes(frame(0x01, std::string(40'000, ' ')) + frame(0x80, std::string(40'000, ' ')));
        else
            client.send_text(std::string(1'000'000, ' '));
        const std::uint16_t code = co_await client.ended();
        BOOST_TEST(code == 1009);
        ++closed;
    }
}

std::string random_bytes(colock_test::random_source& random, std::size_t size) {
    std::string result(size, '\0');
    for (char& byte : result)
        byte = static_cast<char>(random.below(256));
    return result;
}

/// A valid message, with a few bytes changed, lost or doubled. Stays ASCII.
std::string mutated(colock_test::random_source& random, std::string text) {
    for (std::size_t changes = 1 + random.below(4); changes != 0 && !text.empty(); --changes) {
        const std::size_t place = random.below(text.size());
        switch (random.below(4)) {
        case 0:
            text[place] = static_cast<char>(random.below(128));
            break;
        case 1:
            text.erase(place, 1 + random.below(5));
            break;
        case 2:
            text.insert(place, text.substr(random.below(text.size()), 1 + random.below(20)));
            break;
        default:
            text.insert(place, 1, "{}[]\",:0"[random.below(8)]);
        }
    }
    return text;
}

const std::vector<std::string> good_messages{
    R"({"id":1,"op":"acquire","keys":["k/1","k/2"],"wait_ms":0,"expire_ms":50,"mode":"shared"})",
    R"({"id":"two","op":"acquire","keys":["k/3"],"owner":"me","expire_ms":50})",
    R"({"id":3,"op":"list","prefix":"k/"})",
    R"({"id":4,"op":"reserve","seats":["A1","B2"],"name":"Somebody","wait_ms":0})",
    R"({"id":5,"op":"give_back","seats":["A1","B2"],"wait_ms":0})",
    R"({"id":6,"op":"rename","seats":["A1"],"name":"Else","wait_ms":0})",
    R"({"id":7,"op":"release_all","owner":"me"})",
    R"({"id":8,"op":"seats"})",
    R"({"id":9,"op":"unwatch","watch":1})",
    R"({"id":10,"op":"extend","lock":"0123456789abcdef","expire_ms":100})"};

asio::awaitable<void> send_mutants(ws::client_options to, std::size_t count,
                                   std::map<std::string, std::size_t>& outcomes) {
    colock_test::random_source random(stress_seed());
    to.on_event = [](const ws::reply&) {};
    ws::client client(co_await asio::this_coro::executor, to);
    co_await client.connect();
    for (std::size_t i = 0; i < count; ++i) {
        const std::string text = mutated(random, random.one_of(good_messages));
        const ws::reply answer = co_await answer_to(client, text);
        BOOST_TEST(answer.error() != "internal", text << " was answered with " << answer.to_text());
        ++outcomes[answer.ok() ? "ok" : answer.error()];
    }
}

asio::awaitable<void> send_noise(ws::client_options to, std::size_t count,
                                 std::map<std::uint16_t, std::size_t>& codes) {
    colock_test::random_source random(stress_seed());
    to.patience = 50ms;
    const auto executor = co_await asio::this_coro::executor;
    for (std::size_t i = 0; i < count; ++i) {
        ws::client client(executor, to);
        co_await client.connect();
        client.send_bytes(random_bytes(random, 1 + random.below(2000)));
        std::uint16_t code = 0; // not closed: what came was the beginning of a frame
        try {
            code = co_await client.ended();
        } catch (const ws::no_answer&) {
        }
        ++codes[code];
    }
}

struct http_garbage {
    std::string bytes;
    std::string status; ///< that an answer begins with; empty: it need not be answered
};

std::vector<http_garbage> http_messages() {
    const std::string end = "Host: x\r\nConnection: close\r\n\r\n";
    colock_test::random_source random(stress_seed());
    std::vector<http_garbage> all{
        {std::string(5000, '\0'), ""},
        {"\r\n\r\n\r\n\r\n", ""},
        {"HELO mail.example\r\n\r\n", ""},
        {"GET\r\n\r\n", ""},
        {"GET / HTTP/9.9\r\n" + end, ""},
        {"GET / HTTP/1.1\r\nno colon\r\n\r\n", ""},
        {"GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n" + end, ""},
        {"GET /" + std::string(100'000, 'x') + " HTTP/1.1\r\n" + end, ""},
        {"GET / HTTP/1.1\r\n" + repeated("A: b\r\n", 20'000) + end, ""},
        {"POST / HTTP/1.1\r\nContent-Length: 99999999999999\r\n" + end, ""},
        {"POST / HTTP/1.1\r\nContent-Length: -1\r\n" + end, ""},
        {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + end + "zz\r\n", ""},
        {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + random_bytes(random, 500), ""},
        {"GET /../../../../etc/passwd HTTP/1.1\r\n" + end, "HTTP/1.1 404"},
        {"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + end, "HTTP/1.1 404"},
        {"GET //etc/passwd HTTP/1.1\r\n" + end, "HTTP/1.1 404"},
        {"DELETE /metrics HTTP/1.1\r\n" + end, "HTTP/1.1 405"},
        {"GET /ws HTTP/1.1\r\n" + end, "HTTP/1.1 4"},
        {"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n",
         "HTTP/1.1 4"},
        {"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: close, Upgrade\r\nUpgrade: "
         "websocket\r\nSec-WebSocket-Version: 7\r\n"
         "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
         "HTTP/1.1 4"}};
    for (int i = 0; i < 50; ++i)
        all.push_back({random_bytes(random, 1 + random.below(3000)) + "\r\n\r\n", ""});
    return all;
}

asio::awaitable<void> send_http(std::uint16_t port, http_garbage what, std::size_t& answered,
                                std::size_t& closed) {
    // What is incomplete is waited for, 10 s.
    const ws::tcp_outcome outcome = co_await ws::tcp_exchange(port, what.bytes, 15s);
    const std::string shown = what.bytes.substr(0, 60);
    BOOST_TEST(outcome.closed, shown << " was not closed");
    BOOST_TEST(outcome.received.starts_with(what.status),
               shown << " was answered with " << outcome.received.substr(0, 80));
    BOOST_TEST(!outcome.received.starts_with("HTTP/1.1 5"), shown);
    BOOST_TEST(outcome.received.find("root:") == std::string::npos);
    ++(outcome.received.empty() ? closed : answered);
}

std::string text_of(const auto& counts) {
    std::ostringstream text;
    for (const auto& [what, count] : counts)
        text << (text.tellp() > 0 ? ", " : "") << what << ": " << count;
    return text.str();
}

BOOST_AUTO_TEST_SUITE(garbage)

BOOST_AUTO_TEST_CASE(whatever_is_wrong_with_a_message_is_answered_and_the_connection_stays) {
    seat_server server(no_rate_limit);
    asio::io_context io(1);
    ws::client client(io.get_executor(), options_for(server));
    std::size_t answered = 0;
    beside_a_bystander(io, server, answer_all(client, wrong_messages(), answered));
    figures() << answered << " wrong messages, each answered with its error on one connection\n";
    BOOST_TEST(server.stop().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(breaches_of_the_protocol_are_closed_with_the_right_code) {
    seat_server server(no_rate_limit);
    asio::io_context io(1);
    std::size_t closed = 0;
    beside_a_bystander(io, server, break_protocol(options_for(server), breaches(), closed));
    BOOST_TEST(server.until([](const auto& now) { return now.idle(); }, 10s).has_value(), server.now());
    figures() << closed << " breaches of the protocol, each closed with its code\n";
    BOOST_TEST(server.stop().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(messages_with_random_faults_are_all_answered) {
    seat_server server(no_rate_limit);
    asio::io_context io(1);
    std::map<std::string, std::size_t> outcomes;
    constexpr std::size_t count = sanitized ? 3'000 : 20'000;
    beside_a_bystander(io, server, send_mutants(options_for(server), count, outcomes));
    BOOST_TEST(server.now().conflicts == 0);
    figures() << count << " messages with random faults, all answered: " << text_of(outcomes) << '\n';
    BOOST_TEST(server.until([](const auto& now) { return now.idle(); }, 10s).has_value(), server.now());
    BOOST_TEST(server.stop().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(random_bytes_after_the_handshake_hurt_nobody_else) {
    seat_server server(no_rate_limit);
    asio::io_context io(1);
    std::map<std::uint16_t, std::size_t> codes;
    constexpr std::size_t count = sanitized ? 100 : 500;
    beside_a_bystander(io, server, send_noise(options_for(server), count, codes));
    for (const std::uint16_t code : {std::uint16_t(1001), std::uint16_t(1011)})
        BOOST_TEST(codes.count(code) == 0u);
    figures() << count
              << " connections of random bytes, by close code (0: it waits for more): " << text_of(codes)
              << '\n';
    BOOST_TEST(server.until([](const auto& now) { return now.idle(); }, 10s).has_value(), server.now());
    BOOST_TEST(server.stop().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_closed_and_what_is_wrong_refused) {
    seat_server server(no_rate_limit);
    asio::io_context io(1);
    std::size_t answered = 0;
    std::size_t closed = 0;
    const std::vector<http_garbage> all = http_messages();
    const auto send_all = [&]() -> asio::awaitable<void> {
        std::size_t left = all.size();
        std::exception_ptr failure;
        asio::steady_timer done(io, asio::steady_timer::time_point::max());
        for (const http_garbage& each : all)
            asio::co_spawn(io, send_http(server.port(), each, answered, closed),
                           [&](const std::exception_ptr& error) {
                               failure = error ? error : failure;
                               if (--left == 0)
                                   done.cancel();
                           });
        boost::system::error_code cancelled;
        co_await done.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        if (failure)
            std::rethrow_exception(failure);
    };
    beside_a_bystander(io, server, send_all());
    BOOST_TEST(answered + closed == all.size());
    figures() << all.size() << " times garbage instead of HTTP: " << answered << " answered, " << closed
              << " just closed\n";
    BOOST_TEST(server.stop().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(who_sends_far_too_much_is_told_and_then_closed) {
    seat_server server({"--max-requests-per-second", "100", "--payment", "0"});
    asio::io_context io(1);
    std::size_t done = 0;
    std::size_t refused = 0;
    const auto flood = [&]() -> asio::awaitable<void> {
        ws::client client(io.get_executor(), options_for(server));
        co_await client.connect();
        constexpr std::uint64_t count = 5000;
        for (std::uint64_t i = 0; i < count; ++i)
            client.send("ping");
        try {
            for (std::uint64_t id = 1; id <= count; ++id) {
                const ws::reply answer = co_await client.response(id);
                if (!answer.ok())
                    BOOST_TEST(answer.error() == "too_many_requests");
                ++(answer.ok() ? done : refused);
            }
        } catch (const ws::connection_closed& end) {
            BOOST_TEST(end.code == 1008);
            co_return;
        }
        BOOST_ERROR("the flood was not stopped");
    };
    run(io, flood());
    BOOST_TEST(done >= 100u);
    BOOST_TEST(done < 300u);
    BOOST_TEST(refused > 0u);
    figures() << "a flood at a limit of 100 requests a second: " << done << " done, " << refused
              << " refused, then closed with 1008\n";
    BOOST_TEST(server.stop().value_or(-1) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace abuse
