#include "ours.hpp"

#include <colock/colock.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <ctime>
#include <exception>
#include <stdexcept>

namespace cycles {
namespace {

namespace asio = boost::asio;

asio::awaitable<void> cycles(colock::locking_service& locks, std::string key, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
        colock::guard held = co_await locks.lock(key);
        const bool was_held = co_await held.release();
        if (!was_held)
            throw std::runtime_error("a lock was lost");
    }
}

double cpu_us() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

timing run_cycles(asio::io_context& io, colock::locking_service& locks, std::uint64_t in_flight,
                  std::uint64_t each) {
    std::exception_ptr failure;
    std::uint64_t left = in_flight;
    const double cpu = cpu_us();
    const auto start = std::chrono::steady_clock::now();
    auto end = start;
    for (std::uint64_t i = 0; i < in_flight; ++i)
        asio::co_spawn(io, cycles(locks, key_name(i), each), [&](const std::exception_ptr& error) {
            failure = error ? error : failure;
            if (--left == 0)
                end = std::chrono::steady_clock::now();
        });
    io.restart();
    io.run();
    if (failure)
        std::rethrow_exception(failure);
    timing result;
    const auto count = static_cast<double>(in_flight * each);
    result.seconds = std::chrono::duration<double>(end - start).count();
    result.client_cpu_us = (cpu_us() - cpu) / count;
    result.cycles_per_second = count / result.seconds;
    return result;
}

} // namespace

std::string key_name(std::uint64_t number) {
    const std::string digits = std::to_string(number);
    return "key:" + std::string(12 - digits.size(), '0') + digits;
}

timing run_ours(const std::string& url, const load& what) {
    asio::io_context io(1);
    colock::locking_service locks(io.get_executor());
    locks.add_provider("bench", colock::make_provider(io.get_executor(), url));
    (void)run_cycles(io, locks, what.in_flight, 1); // connects
    return run_cycles(io, locks, what.in_flight, what.cycles / what.in_flight);
}

} // namespace cycles
