#include <colock/redis_provider.hpp>

#include "redis/check.hpp"
#include "redis/connection.hpp"
#include "remote/settings.hpp"

#include <boost/asio/strand.hpp>

namespace colock {
namespace {

[[noreturn]] void refuse(const std::string& option, const std::string& why) {
    remote::refuse_option("Redis", option, why);
}

const redis_options& checked(const redis_options& o) {
    if (o.unix_socket.empty()) {
        if (o.host.empty() || o.host.find('\0') != std::string::npos)
            refuse("host", "must be a name or an address");
        if (o.port == 0)
            refuse("port", "must not be zero");
    } else {
        if (o.unix_socket.size() > 107 || o.unix_socket.find('\0') != std::string::npos)
            refuse("unix_socket", "must be a path of at most 107 bytes");
        if (o.tls)
            refuse("tls", "is for TCP only");
    }
    if (o.password.empty() && !o.user.empty())
        refuse("password", "must be given for a user");
    if (!o.tls_cert_file.empty() != !o.tls_key_file.empty())
        refuse("tls_cert_file", "and \"tls_key_file\" must be given together");
    if (o.name_space.empty() || o.name_space.size() > 128 ||
        o.name_space.find_first_of("{}") != std::string::npos)
        refuse("name_space", "must have 1 to 128 bytes and no braces");
    return o;
}

std::shared_ptr<remote::engine> make_engine(const asio::any_io_executor& executor,
                                            const redis_options& options) {
    const auto settings = remote::settings_of("Redis", options.connect_timeout, options.lease);
    const asio::any_io_executor strand = asio::make_strand(executor);
    auto engine = std::make_shared<remote::engine>(strand, boottime_clock_source(), settings);
    const auto shared = std::make_shared<const redis_options>(options);
    using redis::connection;
    engine->use(std::make_unique<connection>(remote::role::commands, strand, shared, engine),
                std::make_unique<connection>(remote::role::notifications, strand, shared, engine));
    return engine;
}

} // namespace

redis_provider::redis_provider(const asio::any_io_executor& executor, redis_options options)
    : remote_provider(make_engine(executor, checked(options))), options_(std::move(options)) {}

redis_provider::~redis_provider() = default;

asio::awaitable<redis_report> redis_provider::check() {
    return redis::check(core());
}

} // namespace colock
