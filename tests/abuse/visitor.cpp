#include "visitor.hpp"

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <array>
#include <sstream>

namespace abuse {
namespace {

const std::string seat = R"("seats":["A1"])";

/// Of those who contend; anything else is a fault of the server.
constexpr std::array<std::string_view, 6> usual{"sold",           "not_yours", "timed_out",
                                                "already_locked", "cancelled", "closed"};

} // namespace

std::string visits::to_text() const {
    std::ostringstream text;
    for (const std::uint64_t count : {connections, answers, locks, drops, gone_away, other_ends, refused})
        text << count << ' ';
    return text.str();
}

visits visits::parse(const std::string& text) {
    visits result;
    std::istringstream(text) >> result.connections >> result.answers >> result.locks >> result.drops >>
        result.gone_away >> result.other_ends >> result.refused;
    return result;
}

visits& visits::operator+=(const visits& other) {
    connections += other.connections;
    answers += other.answers;
    locks += other.locks;
    drops += other.drops;
    gone_away += other.gone_away;
    other_ends += other.other_ends;
    refused += other.refused;
    return *this;
}

visitor::visitor(asio::any_io_executor executor, std::uint16_t port, unsigned number, std::uint64_t seed,
                 ledger_writer& ledger, visits& counts)
    : executor_(std::move(executor)), number_(number), random_(seed ^ (number * 0x9e3779b97f4a7c15)),
      ledger_(ledger), counts_(counts) {
    to_.port = port;
    to_.patience = ws::milliseconds(20'000);
}

asio::awaitable<void> visitor::run(const bool& stop) {
    for (;;) {
        try {
            const bool here = connection_ && connection_->connected();
            if (!here) {
                if (stop && !owes_)
                    co_return;
                const bool arrived = co_await arrive();
                if (!arrived)
                    co_return;
            }
            if (owes_)
                co_await give_back();
            else if (stop)
                break;
            else
                co_await visit();
        } catch (const ws::connection_closed& end) {
            ++(end.code == 1001 ? counts_.gone_away : counts_.other_ends);
        }
    }
    co_await connection_->close();
}

/// False: there is no server any more, or none that takes it.
asio::awaitable<bool> visitor::arrive() {
    connection_.emplace(executor_, to_);
    try {
        co_await connection_->connect();
    } catch (const std::exception&) {
        ++counts_.refused;
        co_return false;
    }
    ++counts_.connections;
    const std::string name = "visitor " + std::to_string(number_);
    const ws::reply welcome = co_await connection_->request(
        "hello", R"("protocol":1,"name":")" + name + R"(","secret":"the secret of )" + name + '"');
    if (!welcome.ok())
        ledger_.complains(number_, welcome.to_text());
    co_return welcome.ok();
}

asio::awaitable<void> visitor::visit() {
    const std::size_t choice = random_.below(100);
    if (choice < 15)
        hurry();
    else if (choice < 55)
        co_await buy_with_lock();
    else
        co_await buy(R"(,"wait_ms":)" + std::to_string(random_.below(3000)));
}

asio::awaitable<void> visitor::buy_with_lock() {
    const ws::reply taken = co_await connection_->request("acquire", R"("keys":["seat/A1"],"wait_ms":)" +
                                                                         std::to_string(random_.below(3000)));
    if (!expected(taken))
        co_return;
    ++counts_.locks;
    if (random_.percent(20))
        co_return leave(); // the lock must go with the connection
    const std::string lock = taken.text_of("lock");
    co_await buy(R"(,"lock":")" + lock + '"');
    const ws::reply released = co_await connection_->request("release", R"("lock":")" + lock + '"');
    expected(released);
}

asio::awaitable<void> visitor::buy(std::string members) {
    ledger_.wants(number_);
    owes_ = true;
    const ws::reply bought = co_await connection_->request("reserve", seat + members);
    if (expected(bought)) {
        ledger_.has(number_, bought.token());
        co_return; // gives it back when it gets to it
    }
    ledger_.has_not(number_);
    owes_ = false;
}

asio::awaitable<void> visitor::give_back() {
    ledger_.returns(number_);
    const ws::reply returned = co_await connection_->request("give_back", seat + R"(,"wait_ms":10000)");
    if (expected(returned))
        ledger_.has_returned(number_, returned.token());
    else
        ledger_.has_not_returned(number_, returned.error());
    owes_ = !returned.ok() && returned.error() != "not_yours";
}

void visitor::hurry() {
    if (random_.percent(50)) {
        ledger_.wants(number_);
        owes_ = true;
        connection_->send("reserve", seat);
    } else {
        connection_->send("acquire", R"("keys":["seat/A1"],"wait_ms":5000)");
    }
    leave();
}

void visitor::leave() {
    ++counts_.drops;
    connection_->drop(random_.percent(50));
}

bool visitor::expected(const ws::reply& answer) {
    ++counts_.answers;
    if (!answer.ok() && std::find(usual.begin(), usual.end(), answer.error()) == usual.end())
        ledger_.complains(number_, answer.to_text());
    return answer.ok();
}

} // namespace abuse
