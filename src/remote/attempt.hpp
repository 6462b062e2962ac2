#pragma once

#include "remote/operation.hpp"
#include "remote/suspension.hpp"

namespace colock::remote {

class engine;

/// One call that takes locks, from its start to its end. It asks the backend (as an operation, one message at
/// a time), waits if it is queued, and asks again when it is woken, until it is granted or gives up. Its
/// members are guarded by the engine's mutex.
class attempt final : public operation {
public:
    attempt(std::shared_ptr<engine> of, const lock_request& request);

    void completed(reply answer) override;
    void cancel() noexcept;

    enum class phase : unsigned char { created, asking, queued, decided };
    struct limit : detail::deadline_node {
        attempt* of = nullptr;
    };

    const std::shared_ptr<engine> home;
    const duration wait;
    const time_point hold_until;
    phase state = phase::created;
    bool was_queued = false;
    bool ask_again = false;      ///< it was woken while its message was on its way
    bool cancelled_late = false; ///< after it was granted
    time_point began;
    time_point gives_up = never;
    limit deadline;
    suspension caller{*this};
    bool taken = false;

    // the outcome
    boost::system::error_code error;
    std::string why;
    acquisition granted;
};

/// One step that a coroutine waits for, and that goes on in the background when the coroutine does not.
class errand final : public operation {
public:
    explicit errand(std::shared_ptr<engine> of) : home(std::move(of)) {}

    void completed(reply answer) override;
    void cancel() noexcept;

    const std::shared_ptr<engine> home;
    suspension caller{*this};
    bool abandoned = false; ///< its coroutine was cancelled
    bool done = false;
    bool was_lost = false;   ///< an answer of it was lost: it may have been carried out before
    bool background = false; ///< nobody hears of its failure but the observer
    reply answer;

    void sending(bool again) override { was_lost = was_lost || again; }
};

} // namespace colock::remote
