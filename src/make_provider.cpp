#include <colock/make_provider.hpp>

#include <colock/memory_provider.hpp>
#ifdef COLOCK_HAS_POSTGRES
#include <colock/postgres_provider.hpp>
#endif
#ifdef COLOCK_HAS_REDIS
#include <colock/redis_provider.hpp>
#endif

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace colock {
namespace {

namespace urls = boost::urls;

[[noreturn]] void refuse(std::string_view url, const std::string& why) {
    // The text of a URL may hold a password: then only its scheme is shown.
    std::string shown(url.substr(0, url.find(':') + 1));
    if (url.find('@') == std::string_view::npos && url.find("password") == std::string_view::npos)
        shown = url;
    throw lock_error::invalid("Cannot make a provider from the URL \"" + shown + "\": " + why);
}

/// Reads a number. Gives what follows it, or nothing if there is none.
template<class Number>
std::optional<std::string_view> parse(std::string_view text, Number& to) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
    if (error != std::errc())
        return std::nullopt;
    return text.substr(static_cast<std::size_t>(end - text.data()));
}

template<class Number>
bool parse_all(std::string_view text, Number& to) {
    const auto rest = parse(text, to);
    return rest && rest->empty();
}

/// The query parameters of a URL, each taken by the option that knows it.
class parameters {
public:
    parameters(std::string_view text, const urls::url_view& url) : text_(text) {
        for (const auto& parameter : url.params()) {
            const std::string name(parameter.key.begin(), parameter.key.end());
            if (!values_.emplace(name, std::string(parameter.value.begin(), parameter.value.end())).second)
                refuse(text_, "the option \"" + name + "\" is given twice");
        }
    }

    /// What nobody has taken, as it was written: `name=value&name=value`.
    [[nodiscard]] std::string rest(const urls::url_view& url) const {
        std::string text;
        for (const auto& parameter : url.encoded_params())
            if (values_.contains(parameter.key.decode()))
                text.append(text.empty() ? "" : "&")
                    .append(parameter.key)
                    .append("=")
                    .append(parameter.value);
        return text;
    }

    template<class Number>
    void take(const std::string& name, Number& to) {
        if (const auto value = taken(name))
            if (!parse_all(*value, to))
                refuse(text_, "the option \"" + name + "\" must be a whole number, not \"" + *value + '"');
    }

    void take(const std::string& name, std::string& to) {
        if (auto value = taken(name))
            to = std::move(*value);
    }

    void take(const std::string& name, bool& to) {
        if (const auto value = taken(name)) {
            if (*value != "true" && *value != "false")
                refuse(text_, "the option \"" + name + "\" must be true or false, not \"" + *value + '"');
            to = *value == "true";
        }
    }

    /// A number with a unit: `1500ms`, `10s`, `2min`, `1h`.
    void take(const std::string& name, duration& to) {
        const auto value = taken(name);
        if (!value)
            return;
        constexpr std::pair<std::string_view, std::int64_t> units[] = {
            {"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}};
        std::int64_t number = 0;
        const auto rest = parse(*value, number);
        for (const auto& [unit, milliseconds] : units)
            if (rest == unit && number >= 0 && number < 1'000'000'000) {
                to = std::chrono::milliseconds(number * milliseconds);
                return;
            }
        refuse(text_, "the option \"" + name + "\" must be a time like 500ms or 30s, not \"" + *value + '"');
    }

    /// Refuses what nobody took.
    void finish() const {
        if (!values_.empty())
            refuse(text_, "there is no option \"" + values_.begin()->first + '"');
    }

private:
    std::optional<std::string> taken(const std::string& name) {
        const auto found = values_.find(name);
        if (found == values_.end())
            return std::nullopt;
        std::string value = std::move(found->second);
        values_.erase(found);
        return value;
    }

    std::string_view text_;
    std::map<std::string, std::string> values_;
};

std::unique_ptr<provider> make_memory(std::string_view text, const urls::url_view& url) {
    if (url.has_authority() || !url.encoded_path().empty())
        refuse(text, "nothing may stand between \"memory:\" and the options");
    memory_provider_options options;
    parameters given(text, url);
    given.take("max_waiters", options.max_waiters);
    given.finish();
    return std::make_unique<memory_provider>(options);
}

#ifdef COLOCK_HAS_REDIS
std::unique_ptr<provider> make_redis(const asio::any_io_executor& executor, std::string_view text,
                                     const urls::url_view& url, const std::string& scheme) {
    redis_options options;
    parameters given(text, url);
    const std::string path = url.path();
    options.user = url.user();
    options.password = url.password();
    if (scheme == "redis+unix") {
        if (!url.host().empty() || url.has_port())
            refuse(text, "a Unix socket has no host: write redis+unix:///path");
        if (path.size() < 2)
            refuse(text, "the path of the Unix socket is missing");
        options.unix_socket = path;
        given.take("db", options.database);
    } else {
        if (url.host().empty())
            refuse(text, "the host is missing");
        options.host = url.host_type() == urls::host_type::name ? url.host() : url.host_address();
        if (url.has_port() && !url.port().empty()) {
            const std::string port = url.port();
            if (!parse_all(port, options.port) || options.port == 0)
                refuse(text, "the port is no port number");
        }
        options.tls = scheme == "rediss";
        const std::string_view digits = std::string_view(path).substr(std::min<std::size_t>(1, path.size()));
        if (!digits.empty() && !parse_all(digits, options.database))
            refuse(text, "the path must be the number of a database");
    }
    if (options.tls) {
        given.take("tls_verify", options.tls_verify);
        given.take("tls_ca_file", options.tls_ca_file);
        given.take("tls_cert_file", options.tls_cert_file);
        given.take("tls_key_file", options.tls_key_file);
        given.take("tls_name", options.tls_name);
    }
    given.take("namespace", options.name_space);
    given.take("max_waiters", options.max_waiters);
    given.take("connect_timeout", options.connect_timeout);
    given.take("lease", options.lease);
    given.finish();
    return std::make_unique<redis_provider>(executor, std::move(options));
}
#endif

#ifdef COLOCK_HAS_POSTGRES
// The rest is libpq's: what stands before the options (several hosts, for one, are no URL to others), and
// those options that are not ours.
std::unique_ptr<provider> make_postgres(const asio::any_io_executor& executor, std::string_view text) {
    const std::size_t mark = std::min(text.find('?'), text.size());
    std::string query = "postgres:";
    query.append(text.substr(mark));
    const auto url = urls::parse_uri(query);
    if (!url)
        refuse(text, "its options are not \"name=value&name=value\"");
    postgres_options options;
    parameters given(text, *url);
    given.take("notifications", options.notifications);
    given.take("transaction_pooler", options.transaction_pooler);
    given.take("schema", options.schema);
    given.take("namespace", options.name_space);
    given.take("max_waiters", options.max_waiters);
    given.take("connect_timeout", options.connect_timeout);
    given.take("lease", options.lease);
    options.connection = text.substr(0, mark);
    if (const std::string rest = given.rest(*url); !rest.empty())
        options.connection.append(1, '?').append(rest);
    return std::make_unique<postgres_provider>(executor, std::move(options));
}
#endif

} // namespace

std::unique_ptr<provider> make_provider(const asio::any_io_executor& executor, std::string_view url) {
#ifdef COLOCK_HAS_POSTGRES
    if (url.starts_with("postgres://") || url.starts_with("postgresql://"))
        return make_postgres(executor, url);
#endif
    const auto parsed = urls::parse_uri(url);
    if (!parsed)
        refuse(url, "it is not a URL");
    const std::string scheme(parsed->scheme());
    if (scheme == "memory")
        return make_memory(url, *parsed);
#ifdef COLOCK_HAS_REDIS
    if (scheme == "redis" || scheme == "rediss" || scheme == "redis+unix")
        return make_redis(executor, url, *parsed, scheme);
#endif
    (void)executor;
    for (const char* known : {"redis", "rediss", "redis+unix", "postgres", "postgresql", "etcd"})
        if (scheme == known)
            refuse(url, "the backend \"" + scheme + "\" was not built");
    refuse(url, "the scheme \"" + scheme + "\" is unknown");
}

} // namespace colock
