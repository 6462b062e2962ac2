#include "pairs.hpp"

#include "redis/protocol.hpp"

#include <hiredis/hiredis.h>

#include <chrono>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <vector>

namespace redis_bench {

using namespace colock;

namespace {

struct prepared final : remote::operation {
    prepared(remote::step s, std::uint64_t key) {
        what = std::move(s);
        // Late enough, so that it may be sent again and again.
        sent_at = time_point(std::chrono::system_clock::now().time_since_epoch()) + std::chrono::hours(1);
        keys = key_set(key_name(key));
        id = {0xfedcba9876543210, 0x10000};
        tries = 1;
        scoped = true;
        expire = std::chrono::seconds(30);
    }
    void completed(remote::reply) override {}
};

/// As our client encodes it, whose clock is the server's here.
std::string encoded(const std::string& name_space, const remote::operation& what) {
    std::string out;
    redis::encode(redis::dialect(name_space, what.id.origin, static_cast<std::size_t>(-1)), what,
                  remote::server_clock(), 1, false, false, out);
    return out;
}

class connection {
public:
    explicit connection(std::uint16_t port) : context_(redisConnect("127.0.0.1", port)) {
        if (!context_ || context_->err != 0)
            throw std::runtime_error("cannot connect to Redis");
    }
    void send(const std::string& command) {
        redisAppendFormattedCommand(context_.get(), command.data(), command.size());
    }
    long long number() {
        void* raw = nullptr;
        if (redisGetReply(context_.get(), &raw) != REDIS_OK)
            throw std::runtime_error("no answer from Redis");
        const std::unique_ptr<void, void (*)(void*)> keep(raw, freeReplyObject);
        const auto& reply = *static_cast<redisReply*>(raw);
        if (reply.type != REDIS_REPLY_INTEGER)
            throw std::runtime_error("Redis says: " + (reply.str ? std::string(reply.str) : "no number"));
        return reply.integer;
    }

private:
    struct closer {
        void operator()(redisContext* c) const noexcept { redisFree(c); }
    };
    std::unique_ptr<redisContext, closer> context_;
};

double cpu_us() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

} // namespace

cycle_commands our_commands(const std::string& name_space) {
    const auto encoder = [=](const remote::step& step) {
        return [=](std::uint64_t key) { return encoded(name_space, prepared(step, key)); };
    };
    const auto deadline =
        time_point(std::chrono::system_clock::now().time_since_epoch()) + std::chrono::hours(2);
    return {encoder(remote::acquire_step{deadline}), encoder(remote::release_step{})};
}

timing run_pairs(std::uint16_t port, const cycle_commands& commands, const load& what) {
    std::vector<std::string> acquire;
    std::vector<std::string> release;
    for (std::uint64_t i = 0; i < what.in_flight; ++i) {
        acquire.push_back(commands.acquire(i));
        release.push_back(commands.release(i));
    }
    connection to(port);
    std::vector<long long> tokens(what.in_flight);
    const auto rounds = what.cycles / what.in_flight;
    const double cpu = cpu_us();
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t round = 0; round < rounds; ++round) {
        for (const auto& command : acquire)
            to.send(command);
        for (auto& token : tokens) {
            const long long got = to.number();
            if (got <= token)
                throw std::runtime_error("a token did not grow");
            token = got;
        }
        for (const auto& command : release)
            to.send(command);
        for (std::size_t i = 0; i < release.size(); ++i)
            if (to.number() != 1)
                throw std::runtime_error("a lock was not released");
    }
    timing result;
    const auto count = static_cast<double>(rounds * what.in_flight);
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    result.client_cpu_us = (cpu_us() - cpu) / count;
    result.cycles_per_second = count / result.seconds;
    return result;
}

void hold(std::uint16_t port, const cycle_commands& commands, std::uint64_t count) {
    connection to(port);
    constexpr std::uint64_t most = 256;
    for (std::uint64_t first = 0; first < count; first += most) {
        const std::uint64_t end = std::min(count, first + most);
        for (std::uint64_t i = first; i < end; ++i)
            to.send(commands.acquire(i));
        for (std::uint64_t i = first; i < end; ++i)
            if (to.number() == 0)
                throw std::runtime_error("a lock was not granted");
    }
}

} // namespace redis_bench
