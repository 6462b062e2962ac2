#include "service_core.hpp"

#include <colock/memory_provider.hpp>

#include <algorithm>
#include <functional>
#include <thread>

namespace colock::detail {
namespace {

std::uint64_t next_tag() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

} // namespace

registered_provider::registered_provider(std::string id, std::unique_ptr<colock::provider> provider,
                                         service_core& core)
    : id(std::move(id)), tag(next_tag()), impl(std::move(provider)), needs_lease(this->impl->needs_lease()),
      local(table_of(this->impl.get())), in_background(core.in_background()), core(core.weak_from_this()) {}

std::shared_ptr<memory::lock_table> registered_provider::table_of(const provider* of) noexcept {
    const auto* const in_memory = dynamic_cast<const memory_provider*>(of);
    return in_memory ? in_memory->table_ : nullptr;
}

void registered_provider::report(const std::exception_ptr& error) const noexcept {
    if (const auto service = core.lock())
        service->report(error);
}

std::shared_ptr<service_core> service_core::make(const asio::any_io_executor& executor) {
    std::shared_ptr<service_core> core(new service_core(executor));
    core->add("in-memory", std::make_unique<memory_provider>(), true);
    return core;
}

void service_core::add(std::string id, std::unique_ptr<provider> impl, bool is_default) {
    if (id.empty())
        throw lock_error::invalid("a provider's id must not be empty");
    if (!impl)
        throw lock_error::invalid("the provider \"" + id + "\" must not be null");
    const std::lock_guard lock(mutex_);
    for (const auto& known : providers_)
        if (known->id == id)
            throw lock_error::invalid("there is a provider \"" + id + "\" already");
    const auto added = std::make_shared<registered_provider>(std::move(id), std::move(impl), *this);
    providers_.push_back(added);
    if (watcher_)
        added->impl->set_observer(watcher_);
    if (closed_)
        added->impl->stop();
    if (is_default)
        flagged_ = added.get();
    const bool only_one = providers_.size() == 2; // besides "in-memory"
    default_ =
        flagged_ != providers_.front().get() ? flagged_ : (only_one ? added : providers_.front()).get();
}

registered_provider& service_core::find_named(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    std::string known;
    for (const auto& p : providers_) {
        if (p->id == id)
            return *p;
        known += (known.empty() ? "\"" : ", \"") + p->id + '"';
    }
    throw lock_error(errc::unknown_provider,
                     "Unknown provider \"" + std::string(id) + "\"; there are " + known);
}

registered_provider& service_core::find(std::uint64_t tag) const {
    const std::lock_guard lock(mutex_);
    for (const auto& p : providers_)
        if (p->tag == tag)
            return *p;
    throw lock_error(errc::unknown_provider, "The grant was given by another locking service");
}

std::vector<std::shared_ptr<registered_provider>> service_core::providers() const {
    const std::lock_guard lock(mutex_);
    return providers_;
}

void service_core::set_observer(std::shared_ptr<observer> watcher) {
    const std::lock_guard lock(mutex_);
    watcher_ = std::move(watcher);
    for (const auto& p : providers_)
        p->impl->set_observer(watcher_);
}

void service_core::report(const std::exception_ptr& error) const noexcept {
    std::shared_ptr<observer> watcher;
    {
        const std::lock_guard lock(mutex_);
        watcher = watcher_;
    }
    if (watcher)
        watcher->on_error(error);
}

service_core::counter& service_core::my_counter() noexcept {
    thread_local const std::size_t mine = std::hash<std::thread::id>{}(std::this_thread::get_id());
    return running_[mine % running_.size()];
}

std::ptrdiff_t service_core::running() const noexcept {
    std::ptrdiff_t sum = 0;
    for (const counter& c : running_)
        sum += c.value.load();
    return sum;
}

bool service_core::job_begins() noexcept {
    ++my_counter().value;
    return !closed_.load();
}

void service_core::job_ends() noexcept {
    --my_counter().value;
    if (closed_.load() && running() == 0)
        idle_->happen(true);
}

void service_core::stop() noexcept {
    closed_ = true;
    for (const auto& p : providers())
        p->impl->stop();
    if (running() == 0)
        idle_->happen(true);
}

asio::awaitable<void> service_core::close(std::shared_ptr<service_core> core) {
    core->stop();
    co_await wait_list::wait(core->idle_);
    for (const auto& p : core->providers())
        co_await p->impl->close();
}

} // namespace colock::detail
