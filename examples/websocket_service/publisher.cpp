#include "publisher.hpp"

#include "heap.hpp"
#include "messages.hpp"
#include "session.hpp"

#include <boost/asio/post.hpp>

namespace seat_service {
namespace {

constexpr auto coalesced = milliseconds(50);

std::uint64_t since(std::uint64_t& before, std::uint64_t now) {
    return now - std::exchange(before, now);
}

double rounded(double ms) {
    return std::round(ms * 100) / 100;
}

} // namespace

publisher::publisher(service& whose, asio::io_context& io)
    : service_(whose), strand_(asio::make_strand(io)), soon_(strand_), expiry_(strand_), second_(strand_) {}

void publisher::start() {
    asio::post(strand_, [self = shared_from_this()] { self->await_second(); });
}

void publisher::stop() {
    asio::post(strand_, [self = shared_from_this()] {
        self->stopped_ = true;
        self->soon_.cancel();
        self->expiry_.cancel();
        self->second_.cancel();
    });
}

void publisher::wake() {
    asio::post(strand_, [self = shared_from_this()] {
        if (self->stopped_)
            return;
        self->soon_.expires_after(coalesced);
        self->soon_.async_wait([self](const boost::system::error_code& error) {
            if (!error)
                self->collect();
        });
    });
}

void publisher::collect() {
    auto [updates, moves] = service_.who_has_what.collect();
    for (auto& [whose, places] : moves)
        if (const auto one = whose.lock())
            one->moved(std::move(places));
    const auto shared = std::make_shared<const board_updates>(std::move(updates));
    service_.for_each_watcher([&](session& each) { each.show(shared); });
}

void publisher::wake_for_expiry() {
    asio::post(strand_, [self = shared_from_this()] { self->await_expiry(); });
}

void publisher::await_expiry() {
    const colock::time_point next = service_.held.next_expiry();
    if (stopped_ || next == colock::never)
        return;
    expiry_.expires_at(next);
    expiry_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error)
            self->expire();
    });
}

void publisher::expire() {
    for (auto& [name, lock] : service_.held.take_expired(steady_clock::now())) {
        service_.who_has_what.end(lock.grant, colock::lock_event_kind::expired);
        if (const auto taker = lock.taker.lock())
            taker->lost(name, lock.grant.keys().to_vector(), lost_why::expired);
    }
    await_expiry();
}

void publisher::await_second() {
    if (stopped_)
        return;
    second_.expires_after(std::chrono::seconds(1));
    second_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (error)
            return;
        self->tell_figures();
        self->await_second();
    });
}

void publisher::tell_figures() {
    if (service_.is_crowd_gone())
        return_free_heap();
    service_.who_has_what.forget_old(steady_clock::now());
    service_.numbers.waits.next_second();
    const colock::provider_statistics locks = service_.locks.get_provider().statistics();
    const auto [p50, p99] = service_.numbers.waits.percentiles();
    const auto figures = std::make_shared<const std::string>(
        event("stats", {{"acquired_per_s", since(acquired_, service_.numbers.acquired())},
                        {"reserved_per_s", since(reserved_, service_.numbers.reserved())},
                        {"waiting", locks.waiting},
                        {"held", locks.held},
                        {"connections", service_.connections()},
                        {"wait_p50_ms", rounded(p50)},
                        {"wait_p99_ms", rounded(p99)}}));
    service_.for_each_watcher([&](session& each) { each.show_figures(figures); });
}

} // namespace seat_service
