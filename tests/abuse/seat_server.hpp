#pragma once

#include "child_process.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <iosfwd>

namespace abuse {

/// The service under test, as a process of its own on a free port of 127.0.0.1.
class seat_server {
public:
    /// \throws std::runtime_error when it does not listen
    explicit seat_server(std::vector<std::string> options = {});

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] child_process& process() noexcept { return process_; }

    /// What it says of itself now.
    struct state {
        double connections = 0;
        double held = 0;    ///< keys that are held or promised
        double waiting = 0; ///< places in queues
        double client_locks = 0;
        double sold = 0;
        double conflicts = 0;

        [[nodiscard]] bool idle() const noexcept { return connections + held + waiting + client_locks == 0; }
        friend bool operator==(const state&, const state&) = default;
    };
    /// \throws std::exception when it does not answer within 10 s
    [[nodiscard]] state now() const;
    boost::asio::awaitable<state> look() const; ///< the same

    /// Bytes that it has from its allocator.
    [[nodiscard]] std::size_t heap_in_use() const;

    /// How long it took until now() is such; none if it is not within the limit. `meanwhile` is called in
    /// between.
    template<class Predicate>
    [[nodiscard]] std::optional<milliseconds> until(
        Predicate wanted, milliseconds limit, const std::function<void()>& meanwhile = [] {}) const {
        const auto begun = std::chrono::steady_clock::now();
        for (;;) {
            const bool done = wanted(now());
            const auto passed = std::chrono::floor<milliseconds>(std::chrono::steady_clock::now() - begun);
            if (done)
                return passed;
            if (passed >= limit)
                return std::nullopt;
            pause();
            meanwhile();
        }
    }

    /// SIGTERM, and how it ended.
    [[nodiscard]] std::optional<int> stop(milliseconds limit = std::chrono::seconds(20));

private:
    using gauges = std::map<std::string, double>;
    boost::asio::awaitable<gauges> read_gauges() const;
    static void pause(); ///< between two looks: it has a metrics page, but nothing that tells of changes

    child_process process_;
    std::uint16_t port_ = 0;
};

std::ostream& operator<<(std::ostream& out, const seat_server::state& of);

} // namespace abuse
