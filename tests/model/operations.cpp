#include "driver.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace colock_test {
namespace {

std::string text_of(const key_names& keys) {
    std::string out;
    for (const std::string& key : keys)
        out += (out.empty() ? "{" : ",") + key;
    return out + "}";
}

std::string text_of(colock::duration d) {
    return d == colock::forever ? "forever" : std::to_string(d.count());
}

std::string text_of(const model_call& c) {
    return (c.scoped ? "lock " : "acquire ") + text_of(c.keys) +
           (c.mode == colock::lock_mode::shared ? " shared" : "") +
           (c.owner.empty() ? "" : " by " + c.owner) + " wait " + text_of(c.wait) +
           (c.expire ? " expire " + text_of(*c.expire) : "");
}

colock::key_set key_set_of(const key_names& keys) {
    return {keys.begin(), keys.end()};
}

} // namespace

// ---- what to choose from ----

key_names driver::some_keys() {
    std::set<std::string> chosen;
    const std::size_t count = random_.percent(50) ? 1 : 1 + random_.below(3);
    while (chosen.size() < count)
        chosen.insert(random_.one_of(keys_));
    return {chosen.begin(), chosen.end()};
}

std::string driver::some_owner() {
    static const std::array<std::string, 4> owners{"", "ann", "bob", "cid"};
    return random_.one_of(owners);
}

// Up to 50 ms, to the nanosecond: two deadlines never meet, but where they are made to.
colock::duration driver::some_time() {
    return colock::duration(1 + random_.below(50'000'000));
}

colock::duration driver::some_wait(const key_names& keys) {
    const std::size_t dice = random_.below(10);
    if (dice < 2)
        return colock::duration::zero();
    if (dice < 5)
        return colock::forever;
    if (dice < 8 || keys.size() != 1)
        return some_time();
    // Just until a lease ends. If it has other keys, their order at that moment is open: not those.
    std::size_t ends = 0;
    colock::time_point end = colock::never;
    for (const model_hold& h : model_.holds(keys.front()))
        end = std::min(end, h.end);
    for (const std::string& key : keys_)
        for (const model_hold& h : model_.holds(key))
            ends += h.end == end;
    return ends == 1 && end != colock::never ? end - model_.now() : some_time();
}

// ---- taking ----

// A coroutine accepts terminal cancellation only, unless it says otherwise.
template<class T>
asio::awaitable<driver::taken> driver::take(asio::awaitable<T> call, bool accepts_all_cancellation) {
    if (accepts_all_cancellation)
        co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    taken result;
    T got = co_await std::move(call);
    if constexpr (std::is_same_v<T, colock::grant>)
        result.granted = std::move(got);
    else if constexpr (std::is_same_v<T, colock::guard>)
        result.guard = std::move(got);
    else if (!got)
        result.contended = true;
    else if constexpr (std::is_same_v<T, std::optional<colock::grant>>)
        result.granted = std::move(*got);
    else
        result.guard = std::move(*got);
    co_return result;
}

void driver::start_call() {
    model_call c;
    c.keys = some_keys();
    c.mode = random_.percent(40) ? colock::lock_mode::shared : colock::lock_mode::exclusive;
    c.scoped = random_.percent(30);
    c.wait = some_wait(c.keys);
    if (!c.scoped) {
        c.owner = some_owner();
        if (random_.percent(40))
            c.expire = random_.percent(5) ? colock::forever : some_time();
    }
    const bool all_cancellation = random_.percent(50);
    const bool optional = random_.percent(20);
    const colock::acquire_options options{
        .owner = c.owner, .expire = c.expire, .wait = c.wait, .mode = c.mode};
    const colock::lock_options lock_options{.wait = c.wait, .mode = c.mode};
    auto& locks = *world_.locks;
    const auto begin = [&](auto call) {
        live_.insert_or_assign(
            model_.calls().size(),
            live_call{colock_test::start(world_.io.get_executor(), take(std::move(call), all_cancellation)),
                      all_cancellation});
    };
    if (c.scoped && optional)
        begin(locks.try_lock(key_set_of(c.keys), lock_options));
    else if (c.scoped)
        begin(locks.lock(key_set_of(c.keys), lock_options));
    else if (optional)
        begin(locks.try_acquire(key_set_of(c.keys), options));
    else
        begin(locks.acquire(key_set_of(c.keys), options));
    const std::string text = "call " + std::to_string(model_.calls().size()) + ": " + text_of(c);
    note(text);
    compare(text, [&](model& m) {
        m.start(c);
        return true;
    });
}

// The synchronous fast path.
void driver::start_guard_at_once() {
    model_call c;
    c.keys = some_keys();
    c.mode = random_.percent(40) ? colock::lock_mode::shared : colock::lock_mode::exclusive;
    c.scoped = true;
    const call_id id = model_.calls().size();
    const std::string text = "call " + std::to_string(id) + ": try_lock " + text_of(c);
    error_code error;
    std::optional<colock::guard> got;
    try {
        got = world_.memory->try_lock(key_set_of(c.keys), c.mode);
    } catch (const colock::lock_error& e) {
        error = e.code();
    }
    if (!got && !error)
        error = errc::already_locked;
    note(text + (got ? " -> locked" : " -> " + error.message()));
    const colock::grant granted = got ? got->grant() : colock::grant();
    if (got)
        guards_.emplace(id, std::move(*got));
    compare(text, [&](model& m) {
        m.start(c);
        const model_call& made = m.calls().back();
        return made.error == error && granted.expires_at() == made.expires_at;
    });
    if (granted && !same_acquisition(model_.calls()[id].number, granted.id(), granted.token()))
        fail("try_lock has another acquisition's token");
}

// ---- giving back ----

void driver::release_by_keys() {
    const key_names keys = some_keys();
    const std::string owner = some_owner();
    bool released = false;
    const auto action = [&]() -> asio::awaitable<std::string> {
        released = co_await world_.locks->release(key_set_of(keys), {.owner = owner});
        co_return released ? " -> true" : " -> false";
    };
    step("release " + text_of(keys) + " by " + owner, action,
         [&](model& m) { return m.release(keys, owner) == released; });
}

void driver::release_by_grant() {
    if (grants_.empty())
        return;
    const auto& [number, held] = random_.percent(50) ? grants_.back() : random_.one_of(grants_);
    bool released = false;
    const auto action = [&]() -> asio::awaitable<std::string> {
        released = co_await world_.locks->release(held);
        co_return released ? " -> true" : " -> false";
    };
    step("release grant " + std::to_string(number) + " of " + text_of(held.keys().to_vector()), action,
         [&](model& m) { return m.release(held.keys().to_vector(), number) == released; });
}

void driver::release_by_grant_of_guard() {
    if (guards_.empty())
        return;
    const colock::grant held =
        std::next(guards_.begin(), static_cast<std::ptrdiff_t>(random_.below(guards_.size())))
            ->second.grant();
    bool released = false;
    const auto action = [&]() -> asio::awaitable<std::string> {
        released = co_await world_.locks->release(held);
        co_return released ? " -> true" : " -> false";
    };
    step("release the grant of a guard", action, [&](model&) { return !released; });
}

void driver::extend() {
    if (grants_.empty())
        return;
    const auto& [number, held] = random_.percent(70) ? grants_.back() : random_.one_of(grants_);
    const colock::duration span = random_.percent(10) ? colock::forever : some_time();
    std::optional<colock::time_point> end;
    const auto action = [&]() -> asio::awaitable<std::string> {
        try {
            const colock::grant renewed = co_await world_.locks->extend(held, span);
            end = renewed.expires_at();
        } catch (const colock::lock_error& e) {
            if (e.code() != errc::lease_lost)
                throw;
        }
        co_return end ? " -> extended" : " -> lost";
    };
    step("extend grant " + std::to_string(number) + " of " + text_of(held.keys().to_vector()) + " by " +
             text_of(span),
         action, [&](model& m) { return m.extend(held.keys().to_vector(), number, span) == end; });
}

void driver::release_all() {
    const std::string name = some_owner();
    const auto owner = name.empty() || random_.percent(20) ? std::nullopt : std::optional(name);
    const colock::release_all_options options{.owner = owner};
    std::size_t released = 0;
    const auto action = [&]() -> asio::awaitable<std::string> {
        released = co_await world_.locks->release_all(options);
        co_return " -> " + std::to_string(released);
    };
    step("release all of " + owner.value_or("everybody"), action,
         [&](model& m) { return m.release_all(owner) == released; });
}

std::optional<std::pair<call_id, colock::guard>> driver::take_guard() {
    if (guards_.empty())
        return std::nullopt;
    const auto at = std::next(guards_.begin(), static_cast<std::ptrdiff_t>(random_.below(guards_.size())));
    auto taken = std::pair(at->first, std::move(at->second));
    guards_.erase(at);
    return taken;
}

void driver::drop_guard() {
    auto taken = take_guard();
    if (!taken)
        return;
    const auto action = [&]() -> asio::awaitable<std::string> {
        taken->second.reset();
        co_return "";
    };
    step("drop guard " + std::to_string(taken->first), action, [&](model& m) {
        m.drop(taken->first);
        return true;
    });
}

void driver::release_guard() {
    auto taken = take_guard();
    if (!taken)
        return;
    bool released = false;
    const auto action = [&]() -> asio::awaitable<std::string> {
        released = co_await taken->second.release();
        co_return released ? " -> true" : " -> false";
    };
    step("release guard " + std::to_string(taken->first), action,
         [&](model& m) { return m.drop(taken->first) == released; });
}

} // namespace colock_test
