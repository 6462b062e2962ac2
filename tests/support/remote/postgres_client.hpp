#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct pg_conn;

namespace colock_test {

/// What PostgreSQL objects to.
struct postgres_error : std::runtime_error {
    postgres_error(const std::string& text, std::string sqlstate)
        : std::runtime_error(text), sqlstate(std::move(sqlstate)) {}
    std::string sqlstate; ///< empty: it was not PostgreSQL that said so
};

/// A plain, blocking connection, with which tests look into PostgreSQL and meddle with it.
class postgres_client {
public:
    using row = std::vector<std::optional<std::string>>;

    /// As libpq takes it. \throws postgres_error, as all that follows
    explicit postgres_client(const std::string& connection);

    /// Of several statements, which may have no parameters, the rows of the last.
    std::vector<row> query(const std::string& sql, const std::vector<std::string>& parameters = {});
    /// The first value of the first row; empty if there is none.
    std::string text(const std::string& sql, const std::vector<std::string>& parameters = {});
    long long number(const std::string& sql, const std::vector<std::string>& parameters = {});

    /// How many other clients' connections there are of which pg_stat_activity says this.
    long long connections(const std::string& condition = "true");
    /// Breaks them off; returns when they are gone.
    void terminate(const std::string& condition);

    [[nodiscard]] pg_conn* native() const noexcept { return connection_.get(); }
    [[nodiscard]] int process() const; ///< of the server, which serves this

private:
    struct closer {
        void operator()(pg_conn* connection) const noexcept;
    };
    std::unique_ptr<pg_conn, closer> connection_;
};

/// Bytes as a parameter of type bytea.
[[nodiscard]] std::string bytea(std::string_view bytes);

} // namespace colock_test
