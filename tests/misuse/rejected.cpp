// What must not compile, one case at a time (CASE); case 0 must.
#include <colock/colock.hpp>

#include <string>

namespace asio = boost::asio;

asio::awaitable<void> calls(colock::locking_service& locks) {
    std::string text = "text";
#if CASE == 0
    co_await locks.execute("a", [&] { return text.size(); });
#elif CASE == 1
    co_await locks.execute("a", [&]() -> std::string& { return text; });
#elif CASE == 2
    co_await locks.execute("a", [text]() -> asio::awaitable<void> { co_return; });
#elif CASE == 3
    co_await locks.execute("a", [](int) {});
#elif CASE == 4
    colock::guard one = co_await locks.lock("a");
    colock::guard two = one;
#endif
}
