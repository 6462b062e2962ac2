#pragma once

#include "remote/channel.hpp"

namespace colock::remote {

class engine;

/// What a connection is for.
enum class role : unsigned char { commands, notifications };

/// From one attempt to connect to the end of that connection. Its handlers keep it. On the strand.
class session {
public:
    virtual ~session() = default;
    virtual void open() = 0;
    virtual void send(const operation_ptr& what) = 0;
    virtual void flush() = 0;
    /// If it is what the session listens for.
    virtual void stop_listening(const operation& what) noexcept = 0;
    virtual void close() noexcept = 0;
};

/// A link with a session of its own each time it is opened, which it forgets when it is closed.
class session_link : public link {
public:
    session_link(role as, const std::shared_ptr<engine>& home) : role_(as), home_(home) {}
    ~session_link() override { session_link::close(); }

    void open() final;
    void send(const operation_ptr& what) final;
    void flush() final;
    void dropped(const operation& what) noexcept final;
    void close() noexcept final;

protected:
    [[nodiscard]] role for_what() const noexcept { return role_; }
    [[nodiscard]] const std::weak_ptr<engine>& home() const noexcept { return home_; }

private:
    /// `number`: of this time.
    [[nodiscard]] virtual std::shared_ptr<session> make_session(std::uint64_t number) = 0;

    const role role_;
    const std::weak_ptr<engine> home_;
    std::shared_ptr<session> session_;
};

/// The channel that carries that.
[[nodiscard]] const std::shared_ptr<channel>& carrier(const engine& home, role as) noexcept;

} // namespace colock::remote
