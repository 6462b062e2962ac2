#include "postgres_client.hpp"

#include <libpq-fe.h>

#include <chrono>
#include <thread>

namespace colock_test {
namespace {

using result = std::unique_ptr<PGresult, decltype(&PQclear)>;

const std::string others =
    " FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND (";

} // namespace

void postgres_client::closer::operator()(pg_conn* connection) const noexcept {
    PQfinish(connection);
}

postgres_client::postgres_client(const std::string& connection)
    : connection_(PQconnectdb(connection.c_str())) {
    if (PQstatus(native()) != CONNECTION_OK)
        throw postgres_error(PQerrorMessage(native()), "");
    PQsetNoticeProcessor(
        native(), [](void*, const char*) {}, nullptr);
}

std::vector<postgres_client::row> postgres_client::query(const std::string& sql,
                                                         const std::vector<std::string>& parameters) {
    std::vector<const char*> values;
    for (const auto& each : parameters)
        values.push_back(each.c_str());
    const result answer(parameters.empty()
                            ? PQexec(native(), sql.c_str())
                            : PQexecParams(native(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                                           values.data(), nullptr, nullptr, 0),
                        PQclear);
    const auto status = PQresultStatus(answer.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
        const char* state = PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE);
        throw postgres_error(PQerrorMessage(native()), state ? state : "");
    }
    std::vector<row> rows(static_cast<std::size_t>(PQntuples(answer.get())));
    for (int y = 0; y < PQntuples(answer.get()); ++y)
        for (int x = 0; x < PQnfields(answer.get()); ++x)
            rows[static_cast<std::size_t>(y)].push_back(
                PQgetisnull(answer.get(), y, x)
                    ? std::nullopt
                    : std::optional<std::string>(std::in_place, PQgetvalue(answer.get(), y, x),
                                                 PQgetlength(answer.get(), y, x)));
    return rows;
}

std::string postgres_client::text(const std::string& sql, const std::vector<std::string>& parameters) {
    const auto rows = query(sql, parameters);
    return rows.empty() || rows[0].empty() ? std::string() : rows[0][0].value_or("");
}

long long postgres_client::number(const std::string& sql, const std::vector<std::string>& parameters) {
    return std::stoll(text(sql, parameters));
}

long long postgres_client::connections(const std::string& condition) {
    return number("SELECT count(*)" + others + condition + ")");
}

void postgres_client::terminate(const std::string& condition) {
    std::string pids = "0";
    for (const auto& each : query("SELECT pid, pg_terminate_backend(pid)" + others + condition + ")"))
        pids += ',' + each.at(0).value();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (connections("pid IN (" + pids + ")") > 0) {
        if (std::chrono::steady_clock::now() > end)
            throw std::runtime_error("a connection does not end");
        std::this_thread::sleep_for(std::chrono::milliseconds(1)); // nobody tells when
    }
}

int postgres_client::process() const {
    return PQbackendPID(native());
}

std::string bytea(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "\\x";
    for (const char each : bytes) {
        const auto byte = static_cast<unsigned char>(each);
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

} // namespace colock_test
