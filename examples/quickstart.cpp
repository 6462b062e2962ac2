// A tour of colock that checks what it says. Every numbered section stands alone: read the one you need.

#include <colock/colock.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::awaitable;
using colock::keys;

// ---- saying and checking ----

void title(std::string_view text) {
    std::cout << '\n' << text << '\n';
}

void say(std::string_view text) {
    std::cout << "   " << text << '\n';
}

/// Says what is claimed if it is true, and ends the tour if it is not.
void check(bool is_true, const std::string& claim) {
    if (!is_true)
        throw std::runtime_error("this should be true, but is not: " + claim);
    std::cout << "   [ok] " << claim << '\n';
}

// ---- running coroutines ----

/// Starts a coroutine; what it throws comes out of run().
void start(asio::io_context& io, awaitable<void> coroutine) {
    asio::co_spawn(io, std::move(coroutine), [](std::exception_ptr error) {
        if (error)
            std::rethrow_exception(error);
    });
}

/// Runs all that was started, at the same time, to its end.
void run(asio::io_context& io) {
    io.restart();
    io.run();
}

void run_alone(asio::io_context& io, awaitable<void> coroutine) {
    start(io, std::move(coroutine));
    run(io);
}

/// Stands for anything that suspends: a payment, a query, a call to a service. All others run meanwhile.
awaitable<void> pause(std::chrono::milliseconds span) {
    asio::steady_timer timer(co_await asio::this_coro::executor, span);
    co_await timer.async_wait(asio::use_awaitable);
}

// ---- 1 and 2: the problem, and execute ----

struct shop {
    int stock = 5;
    int sold = 0;
    int told_sold_out = 0;
};

/// Reads, suspends, writes: what it has read may be wrong when it writes.
awaitable<bool> take_from_stock(shop& s) {
    const int seen = s.stock;
    if (seen == 0)
        co_return false;
    co_await pause(5ms);
    s.stock = seen - 1;
    co_return true;
}

void count(shop& s, bool bought) {
    ++(bought ? s.sold : s.told_sold_out);
}

awaitable<void> buy_without_lock(shop& s) {
    const bool bought = co_await take_from_stock(s);
    count(s, bought);
}

awaitable<void> buy_with_lock(shop& s, colock::locking_service& locks) {
    // The job runs while no other job for "prod_123" does. Its result comes back, or its exception.
    const bool bought = co_await locks.execute("prod_123", [&] { return take_from_stock(s); });
    count(s, bought);
}

std::string outcome(const shop& s) {
    return std::to_string(s.sold) + " sold, " + std::to_string(s.told_sold_out) + " told \"sold out\", " +
           std::to_string(s.stock) + " left in stock";
}

void sell_without_lock(asio::io_context& io) {
    title("1. Ten buyers, five in stock, no lock");
    shop s;
    for (int buyer = 0; buyer < 10; ++buyer)
        start(io, buy_without_lock(s));
    run(io);
    say(outcome(s));
    check(s.sold > 5, "oversold: they all read the stock before the first of them wrote it");
}

void sell_with_lock(asio::io_context& io, colock::locking_service& locks) {
    title("2. The same with execute(\"prod_123\", job)");
    shop s;
    for (int buyer = 0; buyer < 10; ++buyer)
        start(io, buy_with_lock(s, locks));
    run(io);
    say(outcome(s));
    check(s.sold == 5 && s.told_sold_out == 5 && s.stock == 0, "exactly five sold, and none left");
}

// ---- 3: owners ----

awaitable<void> owners(colock::locking_service& locks) {
    // A grant outlives the coroutine. Give it an end, so that a crash does not keep the lock for ever.
    const colock::grant held = co_await locks.acquire("cart_7", {.owner = "user_1", .expire = 30s});
    say("user_1 holds cart_7 for 30 s");

    const colock::grant again = co_await locks.acquire("cart_7", {.owner = "user_1", .expire = 60s});
    check(again.id() == held.id() && again.expires_at() > held.expires_at(),
          "user_1 acquires it again: the same hold, now for 60 s");

    const colock::grant longer = co_await locks.extend(again, 120s);
    check(longer.expires_at() > again.expires_at(), "extend: now for 120 s");
}

awaitable<void> another_owner(colock::locking_service& locks) {
    try {
        co_await locks.acquire("cart_7", {.owner = "user_2"});
        check(false, "user_2 is refused");
    } catch (const colock::lock_error& error) {
        check(error.code() == colock::errc::already_locked, "user_2 is refused at once; the error says:");
        say(std::string("     ") + error.what());
    }

    // The same without an exception, where being refused is nothing special.
    const std::optional<colock::grant> none = co_await locks.try_acquire("cart_7", {.owner = "user_2"});
    check(!none, "try_acquire gives user_2 nothing");
}

awaitable<void> releasing(colock::locking_service& locks) {
    const bool by_another = co_await locks.release("cart_7", {.owner = "user_2"});
    check(!by_another, "user_2 cannot release it");
    const bool by_owner = co_await locks.release("cart_7", {.owner = "user_1"});
    check(by_owner, "user_1 can, by name, from anywhere");
}

// ---- 4: expiry ----

awaitable<void> expiry(colock::locking_service& locks) {
    const auto begin = std::chrono::steady_clock::now();
    const colock::grant lost = co_await locks.acquire("report", {.owner = "worker_1", .expire = 100ms});
    say("worker_1 holds \"report\" for 100 ms, and is never heard of again");

    // With `wait`, a call queues: first come, first served. It is woken when its turn comes; nothing polls.
    const colock::grant next =
        co_await locks.acquire("report", {.owner = "worker_2", .expire = 10s, .wait = 5s});
    const auto later =
        std::chrono::round<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    check(later > 90ms && next.id() != lost.id(),
          "worker_2 was in the queue, and got it after " + std::to_string(later.count()) + " ms");

    const bool too_late = co_await locks.release(lost);
    check(!too_late, "worker_1, back again, cannot release what is worker_2's now");
    const bool released = co_await locks.release(next);
    check(released, "worker_2 releases it");
}

// ---- 5: timeouts ----

awaitable<void> timeouts(colock::locking_service& locks) {
    bool finished = false;
    try {
        // Waiting and running together may take 50 ms. Then the job is cancelled at its co_await.
        co_await locks.execute("import",
                               [&]() -> awaitable<void> {
                                   co_await pause(10s);
                                   finished = true;
                               },
                               {.timeout = 50ms});
        check(false, "a job is cancelled at its timeout");
    } catch (const colock::lock_error& error) {
        check(error.code() == colock::errc::timed_out && !finished,
              "a job of 10 s was cancelled after 50 ms; the error says:");
        say(std::string("     ") + error.what());
    }
    const std::optional<colock::guard> free = co_await locks.try_lock("import");
    check(free.has_value(), "its lock is free again");
}

// ---- 6: several keys ----

struct account {
    std::string name;
    int balance = 100;
};

awaitable<void> transfer(account& from, account& to, int amount, colock::locking_service& locks) {
    // Both keys or none, whatever their order. The guard releases them at the end of its scope.
    const colock::guard held = co_await locks.lock(keys(from.name, to.name));
    const int left = from.balance - amount;
    const int sum = to.balance + amount;
    co_await pause(1ms);
    from.balance = left;
    to.balance = sum;
}

awaitable<void> all_or_nothing(colock::locking_service& locks) {
    const colock::guard held = co_await locks.lock("bob");
    const auto both = co_await locks.try_lock(keys("alice", "bob"));
    const auto one = co_await locks.try_lock("alice");
    check(!both && one, "a call that cannot have both holds neither");
}

void several_keys(asio::io_context& io, colock::locking_service& locks) {
    title("6. Several keys in one call");
    account alice{.name = "alice"};
    account bob{.name = "bob"};
    for (int i = 0; i < 10; ++i) {
        start(io, transfer(alice, bob, 3, locks)); // locks "alice", "bob"
        start(io, transfer(bob, alice, 1, locks)); // locks "bob", "alice"
    }
    run(io);
    say("alice has " + std::to_string(alice.balance) + ", bob has " + std::to_string(bob.balance));
    check(alice.balance == 80 && bob.balance == 120,
          "20 transfers in opposite directions: no deadlock, no cent lost");
    run_alone(io, all_or_nothing(locks));
}

// ---- 7: fencing tokens ----

/// What a lock protects. It cannot know who holds the lock, but it can refuse who has been overtaken.
class store {
public:
    bool write(std::string_view text, std::uint64_t token) {
        if (token < greatest_token_)
            return false;
        greatest_token_ = token;
        text_ = text;
        return true;
    }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
    std::uint64_t greatest_token_ = 0;
};

awaitable<void> fencing_tokens(colock::locking_service& locks) {
    store page;
    const colock::grant first = co_await locks.acquire("page", {.owner = "writer_1", .expire = 30ms});
    say("writer_1 locks \"page\" for 30 ms, and then stalls");
    const colock::grant second =
        co_await locks.acquire("page", {.owner = "writer_2", .expire = 10s, .wait = 5s});
    check(second.token() > first.token(), "writer_2 gets it next, with a greater token");

    const bool stored = page.write("by writer_2", second.token());
    check(stored, "writer_2 writes");
    const bool overwritten = page.write("by writer_1", first.token());
    check(!overwritten && page.text() == "by writer_2",
          "writer_1 wakes up, believes it still holds the lock, and is refused by the store");

    co_await locks.release(second);
}

awaitable<void> token_of_a_job(colock::locking_service& locks) {
    store page;
    // A job that takes a lease& is given it, and may be a plain function if it does not suspend.
    const bool written =
        co_await locks.execute("page", [&](colock::lease& l) { return page.write("by a job", l.token()); });
    check(written, "the job of an execute finds its token in its lease");
}

// ---- 8: the end ----

awaitable<void> closing(colock::locking_service& locks) {
    co_await locks.close();
    try {
        co_await locks.acquire("prod_123");
        check(false, "a closed service grants nothing");
    } catch (const colock::lock_error& error) {
        check(error.code() == colock::errc::closed, "a closed service grants nothing; the error says:");
        say(std::string("     ") + error.what());
    }
}

// ---- the program ----

constexpr std::string_view usage = R"(usage: quickstart [--provider URL]

A tour of colock. It says what it does, checks it, and exits with 1 if something is not as it says.

  --provider URL   where the locks live; "memory:" (the default) is inside this process
  --help           this text
)";

struct arguments {
    std::string provider_url = "memory:";
    bool help = false;
};

/// What the user got wrong.
struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

arguments parse(const std::vector<std::string_view>& words) {
    constexpr std::string_view provider = "--provider";
    arguments result;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (word == "--help" || word == "-h") {
            result.help = true;
        } else if (word == provider) {
            if (++i == words.size())
                throw usage_error("--provider needs a URL, such as memory:");
            result.provider_url = words[i];
        } else if (word.starts_with(provider) && word.substr(provider.size()).starts_with('=')) {
            result.provider_url = word.substr(provider.size() + 1);
        } else {
            throw usage_error("there is no argument \"" + std::string(word) + '"');
        }
    }
    return result;
}

void tour(asio::io_context& io, colock::locking_service& locks) {
    sell_without_lock(io);
    sell_with_lock(io, locks);

    title("3. Owners");
    run_alone(io, owners(locks));
    run_alone(io, another_owner(locks));
    run_alone(io, releasing(locks));

    title("4. Locks that expire");
    run_alone(io, expiry(locks));

    title("5. A job that takes too long");
    run_alone(io, timeouts(locks));

    several_keys(io, locks);

    title("7. Fencing tokens");
    run_alone(io, fencing_tokens(locks));
    run_alone(io, token_of_a_job(locks));

    title("8. Closing");
    run_alone(io, closing(locks));
}

int main(int argc, char** argv) {
    try {
        const arguments given = parse(std::vector<std::string_view>(argv + 1, argv + argc));
        if (given.help) {
            std::cout << usage;
            return EXIT_SUCCESS;
        }
        asio::io_context io;
        colock::locking_service locks(io.get_executor());
        try {
            // The one provider that is added is the default one; without this line it would be "in-memory".
            locks.add_provider("tour", colock::make_provider(io.get_executor(), given.provider_url));
        } catch (const colock::lock_error& error) {
            throw usage_error(error.what());
        }
        tour(io, locks);
        std::cout << "\nAll as it should be.\n";
        return EXIT_SUCCESS;
    } catch (const usage_error& error) {
        std::cerr << "quickstart: " << error.what() << "\n\n" << usage;
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "quickstart: " << error.what() << '\n';
        return EXIT_FAILURE;
    }
}
