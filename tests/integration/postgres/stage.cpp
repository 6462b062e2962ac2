#include "stage.hpp"

#include "postgres_frames.hpp"

#include <colock/postgres_provider.hpp>

#include <cctype>

namespace colock_test {

postgres_server& shared_server() {
    static postgres_server one;
    static const bool ready = [] { // whichever test comes first
        one.connect().query(colock::postgres_provider::schema_script());
        return true;
    }();
    (void)ready;
    return one;
}

postgres_behind_stage::postgres_behind_stage(const stage_options& how)
    : own(how.own_server ? std::optional<postgres_server>(std::in_place, how.server_options) : std::nullopt),
      server(own          ? &*own
             : how.server ? how.server
                          : &shared_server()) {}

stage::stage(const options& how)
    : postgres_behind_stage(how),
      network_stage({.name = "postgres",
                     .port = postgres_behind_stage::server->port(),
                     .spoken = postgres_wire,
                     .url = [](std::uint16_t port,
                               const std::string& query) { return postgres_server::url_of(port, query); },
                     .written = [](std::string_view key) { return bytea(key); }},
                    how.query) {}

postgres_client& stage::sql() {
    if (!sql_)
        sql_ = server().connect();
    return *sql_;
}

long long stage::rows(const std::string& table, const std::string& condition) {
    return sql().number("SELECT count(*) FROM colock." + table + " WHERE namespace = $1 AND " + condition,
                        {name_space()});
}

bool stage::is_clean() {
    const auto left = [&](const std::string& table, const std::string& condition = "true") {
        const bool some = rows(table, condition) != 0;
        if (some)
            BOOST_TEST_MESSAGE("left in " << table);
        return some;
    };
    // Rows of a dead process go when another one has something to do.
    const std::string of_dead = "EXISTS (SELECT FROM colock.process p WHERE p.namespace = waiter.namespace "
                                "AND p.origin = waiter.origin AND p.alive_until < colock.now())";
    return !left("waiter", "NOT " + of_dead) && !left("owner") && !left("lock", "holders <> '{}'") &&
           !left("spent", "until > colock.now() + 61000000") &&
           !left("process", "alive_until > colock.now() + 5100000");
}

void stage::until_listening() {
    s.until([&] { return sql().connections(listening) > 0; }, "it listened");
}

std::string encoded(std::string_view url) {
    std::string text;
    for (const char each : url) {
        const std::string hex = bytea(std::string_view(&each, 1)).substr(2);
        text += std::isalnum(static_cast<unsigned char>(each)) ? std::string(1, each) : '%' + hex;
    }
    return text;
}

} // namespace colock_test
