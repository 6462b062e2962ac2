#include <colock/postgres_provider.hpp>

#include "postgres/check.hpp"
#include "postgres/connection.hpp"
#include "remote/settings.hpp"

#include <boost/asio/strand.hpp>

namespace colock {
namespace {

[[noreturn]] void refuse(const std::string& option, const std::string& why) {
    remote::refuse_option("PostgreSQL", option, why);
}

void check_connection(const std::string& option, const std::string& text) {
    if (text.find('\0') != std::string::npos)
        refuse(option, "must not contain a zero byte");
    if (const std::string fault = postgres::fault_of(text); !fault.empty())
        refuse(option, "is no connection string: " + fault);
}

const postgres_options& checked(const postgres_options& o) {
    check_connection("connection", o.connection);
    check_connection("notifications", o.notifications);
    if (!postgres::is_plain_name(o.schema))
        refuse("schema", "must be 1 to 63 lower-case letters, digits and _, and not begin with a digit");
    if (o.name_space.empty() || o.name_space.size() > 128 || o.name_space.find('\0') != std::string::npos)
        refuse("name_space", "must have 1 to 128 bytes, none of them zero");
    return o;
}

std::shared_ptr<remote::engine> make_engine(const asio::any_io_executor& executor,
                                            const postgres_options& options) {
    const auto settings = remote::settings_of("PostgreSQL", options.connect_timeout, options.lease);
    const asio::any_io_executor strand = asio::make_strand(executor);
    auto engine = std::make_shared<remote::engine>(strand, boottime_clock_source(), settings);
    const auto shared = std::make_shared<const postgres_options>(options);
    using postgres::connection;
    using remote::role;
    std::unique_ptr<remote::link> notifications;
    if (options.transaction_pooler && options.notifications.empty())
        notifications = std::make_unique<postgres::no_notifications>(strand, engine);
    else
        notifications = std::make_unique<connection>(role::notifications, strand, shared, engine);
    engine->use(std::make_unique<connection>(role::commands, strand, shared, engine),
                std::move(notifications));
    return engine;
}

} // namespace

postgres_provider::postgres_provider(const asio::any_io_executor& executor, postgres_options options)
    : remote_provider(make_engine(executor, checked(options))), options_(std::move(options)) {}

postgres_provider::~postgres_provider() = default;

asio::awaitable<postgres_report> postgres_provider::check() {
    return postgres::check(core());
}

} // namespace colock
