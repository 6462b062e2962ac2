#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>

#include <memory>
#include <utility>

namespace seat_service {

namespace asio = boost::asio;

/// A completion handler of any type, with its executor and its cancellation slot. What takes one is compiled
/// once, and not for each of Beast's operations. Move-only; called once. (Asio has one of its own only from
/// Boost 1.82 on.)
template<class... Arguments>
class erased_handler {
public:
    using executor_type = asio::any_io_executor;
    using cancellation_slot_type = asio::cancellation_slot;

    template<class Handler>
    erased_handler(Handler&& handler, const asio::any_io_executor& otherwise)
        : executor_(asio::get_associated_executor(handler, otherwise)),
          slot_(asio::get_associated_cancellation_slot(handler)),
          kept_(std::make_unique<holder<std::decay_t<Handler>>>(std::forward<Handler>(handler))) {}

    [[nodiscard]] executor_type get_executor() const noexcept { return executor_; }
    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return slot_; }

    void operator()(Arguments... arguments) { std::exchange(kept_, nullptr).release()->call(arguments...); }

private:
    struct base {
        virtual ~base() = default;
        virtual void call(Arguments... arguments) = 0; // and ends this object before
    };
    template<class Handler>
    struct holder final : base {
        explicit holder(Handler&& h) : handler(std::move(h)) {}
        void call(Arguments... arguments) override {
            Handler here(std::move(handler));
            delete this;
            std::move(here)(arguments...);
        }
        Handler handler;
    };

    asio::any_io_executor executor_;
    asio::cancellation_slot slot_;
    std::unique_ptr<base> kept_;
};

} // namespace seat_service
