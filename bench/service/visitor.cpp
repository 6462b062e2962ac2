#include "visitor.hpp"

namespace service_load {
namespace {

using std::chrono::steady_clock;

constexpr std::uint64_t no_token = 0; // of a server without locks

class visitor {
public:
    visitor(ws::client& connection, window when, tally& counts)
        : connection_(connection), when_(when), counts_(counts) {}

    ws::asio::awaitable<void> try_seat(theatre::seat& wanted) {
        const std::uint64_t seen = wanted.check.greatest_token();
        const ws::reply bought = co_await ask("reserve", wanted, counts_.reserve);
        if (!bought.ok())
            co_return refused(bought);
        ++counts_.checked;
        const std::uint64_t token = bought.token();
        if (const contention::breach found =
                wanted.check.enter(contention::lock_mode::exclusive, token, seen))
            sold_twice(contention::describe(found, wanted.name));
        wanted.check.leave(contention::lock_mode::exclusive); // the next one may have it from here on

        const ws::reply returned = co_await ask("give_back", wanted, counts_.give_back);
        if (!returned.ok())
            sold_twice(wanted.name + " cannot be given back: " + returned.to_text());
        else if (token != no_token && returned.token() <= token)
            sold_twice(wanted.name + " was given back under an older token: " + returned.to_text());
    }

private:
    ws::asio::awaitable<ws::reply> ask(const char* operation, const theatre::seat& wanted,
                                       contention::histogram& successes) {
        const moment begun = steady_clock::now();
        ws::reply answer = co_await connection_.request(operation, "\"seats\":[\"" + wanted.name + "\"]");
        const moment ended = steady_clock::now();
        counted_ = begun >= when_.begin && ended <= when_.end;
        if (counted_) {
            counts_.all.record((ended - begun).count());
            if (answer.ok())
                successes.record((ended - begun).count());
        }
        co_return answer;
    }

    void refused(const ws::reply& answer) {
        if (!counted_)
            return;
        const std::string code = answer.error();
        if (code == "sold")
            ++counts_.sold;
        else
            ++counts_.errors[code];
    }

    void sold_twice(std::string how) {
        if (counts_.double_bookings++ == 0)
            counts_.first_breach = std::move(how);
    }

    ws::client& connection_;
    const window when_;
    tally& counts_;
    bool counted_ = false; ///< the last request
};

} // namespace

theatre::theatre(std::size_t seats) {
    constexpr std::size_t columns = 12; // as in PROTOCOL.md
    for (std::size_t i = 0; i < seats; ++i)
        seats_.emplace_back().name = static_cast<char>('A' + i / columns) + std::to_string(i % columns + 1);
}

void tally::merge(const tally& other) {
    reserve.merge(other.reserve);
    give_back.merge(other.give_back);
    all.merge(other.all);
    sold += other.sold;
    for (const auto& [code, count] : other.errors)
        errors[code] += count;
    checked += other.checked;
    double_bookings += other.double_bookings;
    if (first_breach.empty())
        first_breach = other.first_breach;
}

ws::asio::awaitable<void> visit(ws::client& connection, theatre& seats, contention::random_source random,
                                window when, tally& counts) {
    visitor self(connection, when, counts);
    while (steady_clock::now() < when.end)
        co_await self.try_seat(seats[random.below(seats.size())]);
}

} // namespace service_load
