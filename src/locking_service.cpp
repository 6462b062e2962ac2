#include <colock/locking_service.hpp>

#include "memory/waiter.hpp"
#include "service_core.hpp"

#include <exception>

namespace colock {
namespace {

using detail::registered_provider;
using detail::service_core;

// ---- checks (rule K3) ----

[[noreturn]] void refuse(const key_set& keys) {
    if (keys.empty())
        throw lock_error::invalid("at least one key is needed");
    throw lock_error::invalid("a key must have 1 to 512 bytes", keys);
}

void check(const key_set& keys) {
    if (!keys.valid())
        refuse(keys);
}

void check(const key_set& keys, std::string_view owner) {
    check(keys);
    if (owner.size() > max_name_length)
        throw lock_error::invalid("an owner must have at most 512 bytes", keys);
}

void check_wait(const key_set& keys, duration wait) {
    if (wait < duration::zero())
        throw lock_error::invalid("wait must not be negative", keys);
}

void check_expire(const key_set& keys, duration expire) {
    if (expire <= duration::zero())
        throw lock_error::invalid("expire must be positive", keys);
}

void check_owner(const std::optional<std::string_view>& owner) {
    if (owner && (owner->empty() || owner->size() > max_name_length))
        throw lock_error::invalid("an owner that is given must have 1 to 512 bytes");
}

// A call as it is kept in its coroutine: for an owner, or for a scope. `expire` is zero where there is none
// (copying an optional costs more than all the rest: its two parts are written apart and read as one).
std::optional<duration> as_given(duration expire) noexcept {
    return expire > duration::zero() ? std::optional(expire) : std::nullopt;
}

struct owned_call {
    key_set keys;
    std::string owner;
    lock_mode mode;
    duration wait;
    duration expire;

    [[nodiscard]] lock_request request() const noexcept {
        return {.keys = keys, .owner = owner, .mode = mode, .wait = wait, .expire = as_given(expire)};
    }
    [[nodiscard]] grant granted(const acquisition& got, std::uint64_t tag) {
        return {std::move(keys), std::move(owner), mode, got.id, got.token, got.expires_at, tag};
    }
};

struct scoped_call {
    key_set keys;
    lock_mode mode;
    duration wait;
    duration expire;

    [[nodiscard]] lock_request request() const noexcept {
        return {.keys = keys, .mode = mode, .scoped = true, .wait = wait, .expire = as_given(expire)};
    }
    [[nodiscard]] grant granted(const acquisition& got, std::uint64_t tag) {
        return {std::move(keys), {}, mode, got.id, got.token, got.expires_at, tag};
    }
};

owned_call make_call(key_set&& keys, const acquire_options& options) {
    check(keys, options.owner);
    check_wait(keys, options.wait);
    if (options.expire)
        check_expire(keys, *options.expire);
    return {std::move(keys), std::string(options.owner), options.mode, options.wait,
            options.expire.value_or(duration::zero())};
}

scoped_call make_call(key_set&& keys, const lock_options& options, duration default_wait,
                      const registered_provider& to) {
    check(keys);
    const duration wait = options.wait.value_or(default_wait);
    check_wait(keys, wait);
    check_expire(keys, options.expire);
    return {std::move(keys), options.mode, wait, to.needs_lease ? options.expire : duration::zero()};
}

// ---- taking ----

template<class T>
asio::awaitable<T> fail(std::exception_ptr error) {
    std::rethrow_exception(error);
    co_return T(); // makes it a coroutine
}

// What is wrong with a call is thrown when its awaitable is awaited, like all other errors.
template<class Call>
auto checked(Call call) -> decltype(call()) {
    try {
        return call();
    } catch (...) {
        return fail<typename decltype(call())::value_type>(std::current_exception());
    }
}

template<class Result>
constexpr bool is_optional = false;
template<class T>
constexpr bool is_optional<std::optional<T>> = true;

bool is_contention(const boost::system::error_code& error) {
    return error == errc::already_locked || error == errc::timed_out;
}

grant finish(owned_call& call, const acquisition& got, std::uint64_t tag,
             const std::shared_ptr<registered_provider>&) {
    return call.granted(got, tag);
}

guard finish(scoped_call& call, const acquisition& got, std::uint64_t tag,
             const std::shared_ptr<registered_provider>& from) {
    if (got.held)
        return {hold_ptr(got.held), got.token};
    return {make_plain_hold(from, call.granted(got, tag), never), got.token};
}

// What a call completes with; throws what it was refused for, unless a call of its kind completes with
// nothing then.
template<class Result, class Call>
Result outcome(const boost::system::error_code& refused, const acquisition& got, Call& call,
               std::uint64_t tag, const std::shared_ptr<registered_provider>& from) {
    if (refused) {
        if constexpr (is_optional<Result>)
            if (is_contention(refused))
                return std::nullopt;
        throw lock_error::acquiring(refused, call.keys);
    }
    return finish(call, got, tag, from);
}

// The provider is there up to the first suspension, and is kept from then on.
template<class Result, class Call>
asio::awaitable<Result> take_from(registered_provider& to, Call call) {
    const lock_request request = call.request();
    const std::uint64_t tag = to.tag;
    acquisition got;
    boost::system::error_code refused;
    const auto keep = to.shared_from_this();
    if (to.impl->try_now(request, got, refused) == attempt::undecided) {
        try {
            got = co_await keep->impl->acquire(request);
        } catch (const lock_error& error) {
            if (!is_optional<Result> || !is_contention(error.code()))
                throw;
            refused = error.code();
        }
    }
    co_return outcome<Result>(refused, got, call, tag, keep);
}

// The same in this process, where the wait lives in this frame: a coroutine of the provider would double its
// cost. The frame is kept small: many may wait at once.
template<class Result, class Call>
asio::awaitable<Result> take_here(registered_provider& to, Call call) {
    const lock_request request = call.request();
    const std::uint64_t tag = to.tag;
    acquisition got;
    boost::system::error_code refused;
    std::shared_ptr<memory::lock_table> keep;
    memory::waiting_room waiting;
    if (to.local->begin(request, got, refused, &waiting) == attempt::undecided) {
        keep = to.local;
        co_await waiting->suspended();
        waiting->take();
    }
    co_return outcome<Result>(refused, got, call, tag, nullptr);
}

template<class Result, class Call>
asio::awaitable<Result> take(registered_provider& to, Call&& call) {
    return to.local ? take_here<Result>(to, std::move(call)) : take_from<Result>(to, std::move(call));
}

asio::awaitable<grant> extend_grant(std::shared_ptr<registered_provider> to, grant held, duration span) {
    const time_point end = co_await to->impl->extend(held, span);
    co_return held.with_expiry(end);
}

// Not empty, and not of a guard, whose lock nobody but the guard can name.
bool nameable(const grant& held) {
    return held && held.provider_tag() != 0;
}

asio::awaitable<bool> nothing_released() {
    co_return false;
}

} // namespace

locking_service::locking_service(asio::any_io_executor executor) : core_(service_core::make(executor)) {}

locking_service::~locking_service() {
    core_->stop();
}

void locking_service::add_provider(std::string id, std::unique_ptr<provider> provider, registration how) {
    core_->add(std::move(id), std::move(provider), how.is_default);
}

provider& locking_service::get_provider(std::string_view id) const {
    return *core_->find(id).impl;
}

asio::awaitable<grant> locking_service::acquire(key_set keys, const acquire_options& options) {
    return checked(
        [&] { return take<grant>(core_->find(options.provider), make_call(std::move(keys), options)); });
}

asio::awaitable<std::optional<grant>> locking_service::try_acquire(key_set keys,
                                                                   const acquire_options& options) {
    return checked([&] {
        return take<std::optional<grant>>(core_->find(options.provider), make_call(std::move(keys), options));
    });
}

asio::awaitable<guard> locking_service::lock(key_set keys, const lock_options& options) {
    return checked([&] {
        auto& to = core_->find(options.provider);
        return take<guard>(to, make_call(std::move(keys), options, std::chrono::seconds(5), to));
    });
}

asio::awaitable<std::optional<guard>> locking_service::try_lock(key_set keys, const lock_options& options) {
    return checked([&] {
        auto& to = core_->find(options.provider);
        return take<std::optional<guard>>(to, make_call(std::move(keys), options, duration::zero(), to));
    });
}

detail::execution_request locking_service::prepare(key_set keys,
                                                   const execute_options& options) const noexcept {
    detail::execution_request request;
    try {
        request.to = &core_->find(options.provider);
        if (options.wait)
            check_wait(keys, *options.wait);
        if (options.grace < duration::zero())
            throw lock_error::invalid("grace must not be negative", keys);
        request.core = core_;
        request.timeout = options.timeout > duration::zero() ? options.timeout : execute_options().timeout;
        request.wait = std::min(options.wait.value_or(request.timeout), request.timeout);
        request.grace = options.grace;
        check(keys);
        check_expire(keys, options.expire);
        if (request.to->needs_lease)
            request.expire = options.expire;
        request.mode = options.mode;
        request.keys = std::move(keys);
    } catch (...) {
        request.wrong = std::current_exception();
    }
    return request;
}

asio::awaitable<grant> locking_service::extend(const grant& held, duration span) {
    return checked([&] {
        check_expire(held.keys(), span);
        if (!nameable(held))
            throw lock_error::lost(held.keys());
        return extend_grant(core_->find(held.provider_tag()).shared_from_this(), held, span);
    });
}

asio::awaitable<bool> locking_service::release(key_set keys, const release_options& options) {
    return checked([&] {
        check(keys, options.owner);
        return core_->find(options.provider).impl->release(std::move(keys), std::string(options.owner));
    });
}

asio::awaitable<bool> locking_service::release(const grant& held) {
    return checked([&] {
        return nameable(held) ? core_->find(held.provider_tag()).impl->release(held) : nothing_released();
    });
}

asio::awaitable<std::size_t> locking_service::release_all(const release_all_options& options) {
    return checked([&] {
        check_owner(options.owner);
        return core_->find(options.provider).impl->release_all(std::optional<std::string>(options.owner));
    });
}

asio::awaitable<std::vector<lock_info>> locking_service::list(const list_options& options) {
    return checked([&] {
        check_owner(options.owner);
        return core_->find(options.provider)
            .impl->list({std::string(options.prefix), std::optional<std::string>(options.owner)});
    });
}

asio::awaitable<void> locking_service::close() {
    return service_core::close(core_);
}

void locking_service::set_observer(std::shared_ptr<observer> watcher) {
    core_->set_observer(std::move(watcher));
}

} // namespace colock
