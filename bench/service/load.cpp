#include "load.hpp"

#include "cpu_time.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <thread>

namespace service_load {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

/// Visitors of one thread.
struct group {
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    std::deque<ws::client> connections;
    tally counts;
};

class load {
public:
    explicit load(const settings& what) : what_(what), seats_(what.seats), groups_(what.threads) {
        for (group& of : groups_)
            threads_.emplace_back([&io = of.io] { io.run(); });
    }

    ~load() { stop(); }

    report run() {
        report result;
        result.what = what_;
        try {
            connect();
            visit(result);
        } catch (const std::exception& error) {
            result.failure = error.what();
        }
        stop();
        for (group& of : groups_)
            result.counts.merge(of.counts);
        return result;
    }

private:
    void connect() {
        ws::client_options to;
        to.host = what_.host;
        to.port = what_.port;
        if (!what_.token.empty())
            to.authorization = "Bearer " + what_.token;
        for_all([&](group& in, std::size_t) {
            ws::client& connection = in.connections.emplace_back(in.io.get_executor(), to);
            return connection.connect();
        });
    }

    void visit(report& result) {
        const moment begin = steady_clock::now() + what_.warm_up;
        const window when{begin, begin + what_.duration};
        std::thread measuring([&] { measure(when, result); });
        try {
            for_all([&](group& in, std::size_t number) {
                ws::client& connection = in.connections[number / groups_.size()];
                return service_load::visit(connection, seats_, {what_.seed, number}, when, in.counts);
            });
        } catch (...) {
            measuring.join();
            throw;
        }
        measuring.join();
    }

    /// The CPU time is of the same span as what is counted.
    void measure(window when, report& result) const {
        try {
            std::this_thread::sleep_until(when.begin);
            const auto before = what_.server ? cpu_time_of(*what_.server) : nanoseconds::zero();
            std::this_thread::sleep_until(when.end);
            if (what_.server)
                result.server_cpu = cpu_time_of(*what_.server) - before;
            result.seconds = std::chrono::duration<double>(what_.duration).count();
        } catch (const std::exception& error) {
            result.failure = error.what();
        }
    }

    /// Starts a coroutine for each connection, and waits for all.
    template<class Make>
    void for_all(const Make& make) {
        std::vector<std::future<void>> ends;
        for (std::size_t i = 0; i < what_.connections; ++i) {
            group& in = groups_[i % groups_.size()];
            ends.push_back(asio::co_spawn(in.io, make(in, i), asio::use_future));
        }
        for (std::future<void>& end : ends)
            end.wait();
        for (std::future<void>& end : ends)
            end.get();
    }

    void stop() {
        for (group& of : groups_)
            of.io.stop();
        for (std::thread& t : threads_)
            t.join();
        threads_.clear();
    }

    const settings what_;
    theatre seats_;
    std::deque<group> groups_;
    std::vector<std::thread> threads_;
};

} // namespace

report run(const settings& what) {
    return load(what).run();
}

} // namespace service_load
