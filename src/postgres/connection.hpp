#pragma once

#include "postgres/opening.hpp"
#include "postgres/protocol.hpp"

namespace colock::postgres {

/// One connection to PostgreSQL, for commands or for notifications. It reads only while there is something to
/// be expected.
///
/// Commands are sent in batches: what has come together while the last ones were on their way is one
/// transaction, with one commit. If one of a batch fails, none of it happened, and each is sent again by
/// itself.
class connection final : public remote::session_link {
public:
    connection(remote::role as, asio::any_io_executor strand, std::shared_ptr<const postgres_options> options,
               const std::shared_ptr<remote::engine>& home);

private:
    class session;

    [[nodiscard]] std::shared_ptr<remote::session> make_session(std::uint64_t number) override;

    const asio::any_io_executor strand_;
    const std::shared_ptr<const postgres_options> options_;
    const std::shared_ptr<const dialect> dialect_;
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
