#include "bystander.hpp"

namespace abuse {
namespace {

asio::awaitable<void> then_leave(asio::awaitable<void> abuse, bystander& other) {
    std::exception_ptr failure;
    try {
        co_await std::move(abuse);
    } catch (...) {
        failure = std::current_exception();
    }
    other.leave();
    if (failure)
        std::rethrow_exception(failure);
}

} // namespace

asio::awaitable<void> bystander::run() {
    co_await client_.connect();
    const std::string seats = R"("seats":["H12"])";
    for (bool buy = true; !leaving_; buy = !buy) {
        const auto begun = std::chrono::steady_clock::now();
        const ws::reply answer = co_await client_.request(buy ? "reserve" : "give_back", seats);
        if (!answer.ok())
            throw std::runtime_error("a bystander was answered with " + answer.to_text());
        ++served_;
        longest_ =
            std::max(longest_, std::chrono::ceil<milliseconds>(std::chrono::steady_clock::now() - begun));
    }
}

void beside_a_bystander(asio::io_context& io, const seat_server& server, asio::awaitable<void> abuse) {
    bystander other(io, server);
    std::vector<asio::awaitable<void>> both;
    both.push_back(other.run());
    both.push_back(then_leave(std::move(abuse), other));
    run_all(io, std::move(both));
    BOOST_TEST(other.served() > 0u);
    BOOST_TEST(other.longest().count() < (sanitized ? 5000 : 1000));
    figures() << "    meanwhile another client was served " << other.served() << " times, each within "
              << other.longest().count() << " ms\n";
}

} // namespace abuse
