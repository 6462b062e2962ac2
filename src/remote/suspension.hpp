#pragma once

#include "detail/resumption.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/intrusive/list.hpp>

#include <memory>

namespace colock::remote {

class attempt;
class errand;

/// A coroutine that is suspended until the engine resumes it. Guarded by the engine's mutex while listed.
struct suspension {
    explicit suspension(attempt& of) : call(&of) {}
    explicit suspension(errand& of) : work(&of) {}

    attempt* const call = nullptr;
    errand* const work = nullptr;
    boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> hook;
    detail::resumption resume;
    bool listed = false;
};
using suspension_list = boost::intrusive::list<
    suspension, boost::intrusive::member_hook<suspension, decltype(suspension::hook), &suspension::hook>,
    boost::intrusive::constant_time_size<false>>;

/// What a cancellation calls. It does not keep its target alive: a cancellation slot may hold it for long
/// after the operation.
template<class Target>
struct canceller {
    std::weak_ptr<Target> target;

    explicit canceller(std::weak_ptr<Target> target) : target(std::move(target)) {}
    void operator()(asio::cancellation_type type) const noexcept {
        if (type == asio::cancellation_type::none)
            return;
        if (const auto alive = target.lock())
            alive->cancel();
    }
};

/// To be awaited: suspends the coroutine in `where`, and then calls `start`, which may resume it at once.
/// What it is given must live until then; `start` must be trivial to copy.
template<class Target, class Start>
auto suspend(suspension& where, const std::shared_ptr<Target>& target, Start start) {
    return asio::async_initiate<const asio::deferred_t, void()>(
        [&where, &target, start](auto&& handler) {
            if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
                slot.template emplace<canceller<Target>>(target);
            const auto keep = target; // once it is resumed, the coroutine's may be gone
            where.resume.arm(std::move(handler));
            start(keep);
        },
        asio::deferred);
}

} // namespace colock::remote
