#pragma once

#include "postgres/opening.hpp"
#include "postgres/protocol.hpp"
#include "remote/channel.hpp"

namespace colock::remote {
class engine;
}

namespace colock::postgres {

/// One connection to PostgreSQL, for commands or for notifications. It reads only while there is something to be
/// expected.
///
/// Commands are sent in batches: what has come together while the last ones were on their way is one transaction, with
/// one commit. If one of a batch fails, none of it happened, and each is sent again by itself.
class connection final : public remote::link {
public:
    connection(role as, asio::any_io_executor strand, std::shared_ptr<const postgres_options> options,
               std::shared_ptr<remote::engine> home);
    ~connection() override { close(); }

    void open() override;
    void send(const remote::operation_ptr& what) override;
    void flush() override;
    void dropped(const remote::operation& what) noexcept override;
    void close() noexcept override;

private:
    class session;

    const role role_;
    const asio::any_io_executor strand_;
    const std::shared_ptr<const postgres_options> options_;
    const std::shared_ptr<const dialect> dialect_;
    const std::weak_ptr<remote::engine> home_;
    std::shared_ptr<session> session_;
};

/// Where no notifications can be had: it is open, and says nothing.
class no_notifications final : public remote::link {
public:
    no_notifications(asio::any_io_executor strand, std::shared_ptr<remote::engine> home)
        : strand_(std::move(strand)), home_(home) {}

    void open() override;
    void send(const remote::operation_ptr& what) override;
    void flush() override {}
    void close() noexcept override {}

private:
    const asio::any_io_executor strand_;
    const std::weak_ptr<remote::engine> home_;
};

} // namespace colock::postgres
