#pragma once

#include "remote/engine.hpp"

namespace colock::remote {

/// What a scope holds on a remote provider: a lease that the engine renews. Guarded by the engine's mutex.
class remote_hold final : public hold, public kept_lease {
public:
    remote_hold(std::shared_ptr<engine> home, const attempt& call, grant_id id, std::uint64_t token);

    grant describe() const override;
    loss state() const noexcept override;
    time_point valid_until() const noexcept override;
    bool set_listener(loss_listener* who) noexcept override;
    bool drops_at_once() const noexcept override { return false; }
    asio::awaitable<loss> release() override;
    loss drop() noexcept override;

    /// With the mutex: it is lost, and out of the keeper.
    void lose(loss why) noexcept;
    /// With the mutex: what gives it back.
    [[nodiscard]] std::shared_ptr<errand> make_release() const;

private:
    ~remote_hold() = default;
    [[nodiscard]] loss look() const noexcept;

    const std::shared_ptr<engine> home_;
    const std::uint64_t token_;
    const lock_mode mode_;
    loss_listener* listener_ = nullptr;
    loss lost_ = loss::none;
    bool released_ = false;
};

} // namespace colock::remote
