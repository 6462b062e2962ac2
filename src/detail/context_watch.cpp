#include "detail/context_watch.hpp"

#include <boost/asio/strand.hpp>

#include <algorithm>
#include <mutex>

namespace colock::detail {
namespace {

// Guards who uses which context, for all of them: contexts and their users come and go rarely.
std::mutex& users_mutex() {
    static std::mutex instance;
    return instance;
}

} // namespace

class context_watch final : public asio::execution_context::service {
public:
    using key_type = context_watch;
    static asio::execution_context::id id;

    explicit context_watch(asio::execution_context& context) : service(context) {}

    std::vector<context_user*> users;

private:
    void shutdown() override {
        std::vector<resumption> abandoned; // destroyed after the mutex is unlocked: that may end users
        const std::lock_guard lock(users_mutex());
        for (context_user* user : users) {
            user->gone(context());
            for (auto& resume : user->forget(context()))
                abandoned.push_back(std::move(resume));
        }
        users.clear();
    }
};

asio::execution_context::id context_watch::id;

void context_user::attach(asio::execution_context& context, const asio::any_io_executor& executor) {
    // Services are shut down in the reverse order of their making. Strands must outlast us, for until
    // forget() has been called other threads may post to them.
    (void)asio::make_strand(executor);
    auto& watch = asio::use_service<context_watch>(context);
    const std::lock_guard lock(users_mutex());
    if (std::find(contexts_.begin(), contexts_.end(), &context) != contexts_.end())
        return;
    contexts_.push_back(&context);
    watch.users.push_back(this);
    for (auto& known : known_)
        if (known.load(std::memory_order_relaxed) == nullptr) {
            known.store(&context, std::memory_order_relaxed);
            break;
        }
}

void context_user::detach() noexcept {
    const std::lock_guard lock(users_mutex());
    for (asio::execution_context* context : contexts_)
        std::erase(asio::use_service<context_watch>(*context).users, this);
    contexts_.clear();
}

void context_user::gone(asio::execution_context& context) noexcept {
    std::erase(contexts_, &context);
    for (auto& known : known_)
        if (known.load(std::memory_order_relaxed) == &context)
            known.store(nullptr, std::memory_order_relaxed);
}

} // namespace colock::detail
