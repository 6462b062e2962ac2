#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace colock::detail {

/// The completion handler of a suspended coroutine, kept to be called once, wherever that is done.
class kept_handler {
public:
    kept_handler() = default;
    kept_handler(const kept_handler&) = delete;
    kept_handler& operator=(const kept_handler&) = delete;
    ~kept_handler() { destroy(); }

    [[nodiscard]] bool armed() const noexcept { return operations_ != nullptr; }

    template<class Handler>
    void arm(Handler&& handler) noexcept {
        static_assert(!std::is_reference_v<Handler>, "give the handler away");
        static_assert(sizeof(Handler) <= sizeof storage_ && alignof(Handler) <= alignof(void*));
        ::new (static_cast<void*>(storage_)) Handler(std::move(handler));
        operations_ = &operations_of<Handler>;
    }

    /// Resumes the coroutine here and now. This object may be armed again, or be gone, when it returns.
    void call() { std::exchange(operations_, nullptr)->call(storage_); }

    /// Destroys the coroutine, if armed.
    void destroy() noexcept {
        if (operations_)
            std::exchange(operations_, nullptr)->destroy(storage_);
    }

private:
    struct operations {
        void (*call)(void*);
        void (*destroy)(void*) noexcept;
    };

    // Out of the storage first: the coroutine may arm it again, or end the object that it is part of.
    template<class Handler>
    static Handler taken(void* p) noexcept {
        auto* stored = static_cast<Handler*>(p);
        Handler handler(std::move(*stored));
        stored->~Handler();
        return handler;
    }

    template<class Handler>
    static constexpr operations operations_of = {
        [](void* p) { taken<Handler>(p)(); },
        [](void* p) noexcept { (void)taken<Handler>(p); },
    };

    alignas(void*) std::byte storage_[2 * sizeof(void*)];
    const operations* operations_ = nullptr;
};

} // namespace colock::detail
