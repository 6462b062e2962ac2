#include "postgres/opening.hpp"

#include "postgres/protocol.hpp"
#include "postgres/schema.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>
#include <stdexcept>

namespace colock::postgres {
namespace {

using socket = asio::posix::stream_descriptor;
using remote::role;

[[noreturn]] void fail(const std::string& what, std::string_view why) {
    throw std::runtime_error(what + ": " + one_line(why));
}

/// The connection while it is being made ready.
class opening {
public:
    opening(const asio::any_io_executor& executor, remote::connecting& progress)
        : socket_(executor), progress_(progress), stopping_(progress, [this] { stop(); }) {}

    asio::awaitable<void> connect(const postgres_options& options, role as) {
        start(options, as);
        PostgresPollingStatusType next = PGRES_POLLING_WRITING;
        while (next != PGRES_POLLING_OK) {
            if (next == PGRES_POLLING_FAILED)
                fail("cannot connect", PQerrorMessage(made_.get()));
            co_await wait(next == PGRES_POLLING_READING ? socket::wait_read : socket::wait_write);
            next = PQconnectPoll(made_.get());
        }
        if (PQsetnonblocking(made_.get(), 1) != 0)
            fail("cannot connect", PQerrorMessage(made_.get()));
        if (PQserverVersion(made_.get()) < 130000)
            fail("the server is too old", "PostgreSQL 13 or later is needed");
    }

    /// Carries out statements, and gives the last answer. \throws std::runtime_error
    asio::awaitable<result_ptr> ask(std::string text) {
        PGconn* const c = made_.get();
        if (!PQsendQuery(c, text.c_str()))
            fail("cannot ask", PQerrorMessage(c));
        for (int left = PQflush(c); left != 0; left = PQflush(c)) {
            if (left < 0)
                fail("cannot ask", PQerrorMessage(c));
            co_await wait(socket::wait_write);
        }
        result_ptr last;
        while (true) {
            while (PQisBusy(c)) {
                co_await wait(socket::wait_read);
                if (!PQconsumeInput(c))
                    fail("the connection broke", PQerrorMessage(c));
            }
            result_ptr next(PQgetResult(c));
            if (!next)
                break;
            last = std::move(next);
            if (PQresultStatus(last.get()) == PGRES_FATAL_ERROR)
                error_ = PQresultErrorMessage(last.get());
        }
        if (!error_.empty()) {
            const std::string why = std::exchange(error_, {});
            throw std::runtime_error(one_line(why));
        }
        co_return last;
    }

    connection_ptr take() { return std::move(made_); }

private:
    // Defaults first: what the user's string says later, counts.
    void start(const postgres_options& options, role as) {
        const std::string& connection = as == role::notifications && !options.notifications.empty()
                                            ? options.notifications
                                            : options.connection;
        const auto milliseconds =
            std::chrono::duration_cast<std::chrono::milliseconds>(options.connect_timeout).count();
        const std::string user_timeout = std::to_string(milliseconds);
        const char* const words[] = {"application_name",
                                     "keepalives_idle",
                                     "keepalives_interval",
                                     "keepalives_count",
                                     "tcp_user_timeout",
                                     "target_session_attrs",
                                     "dbname",
                                     nullptr};
        const char* const values[] = {as == role::commands ? "colock" : "colock notifications",
                                      "5",
                                      "2",
                                      "3",
                                      user_timeout.c_str(),
                                      "read-write",
                                      connection.c_str(),
                                      nullptr};
        made_.reset(PQconnectStartParams(words, values, 1));
        if (!made_)
            throw std::bad_alloc();
        // Or libpq writes notices to the program's standard error.
        PQsetNoticeReceiver(
            made_.get(), [](void*, const PGresult*) {}, nullptr);
        if (PQstatus(made_.get()) == CONNECTION_BAD)
            fail("cannot connect", PQerrorMessage(made_.get()));
    }

    asio::awaitable<void> wait(socket::wait_type what) {
        if (progress_.stopped())
            throw boost::system::system_error(asio::error::operation_aborted);
        socket_.assign(PQsocket(made_.get())); // it may be another each time
        const struct lender {                  // it is libpq that closes it
            socket& lent;
            ~lender() {
                if (lent.is_open())
                    lent.release();
            }
        } back{socket_};
        co_await socket_.async_wait(what, asio::use_awaitable);
        if (progress_.stopped())
            throw boost::system::system_error(asio::error::operation_aborted);
    }

    void stop() noexcept {
        boost::system::error_code ignored;
        socket_.cancel(ignored);
    }

    connection_ptr made_;
    socket socket_;
    remote::connecting& progress_;
    std::string error_;
    const remote::connecting::step stopping_;
};

std::int64_t number_in(const result_ptr& answer) {
    return answer && PQntuples(answer.get()) != 0 ? number_at(*answer, 0, 0) : 0;
}

/// The version of the schema that is there; nothing: none is.
asio::awaitable<std::optional<std::int64_t>> find_version(opening& at, std::string schema) {
    // Not to_regclass(): after another has made it, it may go on in the same transaction to say that there is
    // none.
    std::string look = "SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
                       "ON n.oid = c.relnamespace WHERE c.relname = 'version' AND n.nspname = '";
    look.append(schema).append(1, '\'');
    const result_ptr there = co_await at.ask(std::move(look));
    if (number_in(there) == 0)
        co_return std::nullopt;
    std::string ask = "SELECT version FROM ";
    ask.append(schema).append(".version");
    const result_ptr version = co_await at.ask(std::move(ask));
    co_return number_in(version);
}

// Many may come at once: the first makes it, the others find it made.
asio::awaitable<std::int64_t> make_schema(opening& at, std::string schema) {
    std::string begin = "BEGIN ISOLATION LEVEL READ COMMITTED"; // to see what was made meanwhile
    co_await at.ask(std::move(begin));
    co_await at.ask(lock_schema());
    std::optional<std::int64_t> version = co_await find_version(at, schema);
    if (!version) {
        co_await at.ask(schema_body(schema));
        version = schema_version;
    }
    std::string commit = "COMMIT";
    co_await at.ask(std::move(commit));
    co_return *version;
}

asio::awaitable<void> find_schema(opening& at, std::string schema, remote::server_clock& clock) {
    std::string trouble;
    std::optional<std::int64_t> version;
    try {
        version = co_await find_version(at, schema);
        if (!version)
            version = co_await make_schema(at, schema);
    } catch (const std::runtime_error& e) {
        trouble = e.what();
    }
    if (!trouble.empty())
        fail("cannot make or use the schema \"" + schema + '"', trouble);
    if (version != schema_version)
        fail("the schema \"" + schema + '"', "it is of version " + std::to_string(*version) +
                                                 " of colock's tables, not " +
                                                 std::to_string(schema_version));
    const auto here = boottime_clock_source();
    const time_point asked_at = here->now();
    std::string catch_up = "SELECT ";
    catch_up.append(schema).append(".catch_up()");
    const result_ptr answer = co_await at.ask(std::move(catch_up));
    clock.observe(number_in(answer), asked_at, here->now());
}

} // namespace

std::string fault_of(const std::string& connection_string) {
    char* said = nullptr;
    const std::unique_ptr<PQconninfoOption, pq_closer> parsed(
        PQconninfoParse(connection_string.c_str(), &said));
    const std::unique_ptr<char, pq_closer> why(said);
    if (parsed)
        return {};
    return why ? one_line(why.get()) : "out of memory";
}

asio::awaitable<connection_ptr> open_connection(std::shared_ptr<const postgres_options> options, role as,
                                                std::shared_ptr<remote::connecting> progress,
                                                remote::server_clock& clock) {
    const auto executor = co_await asio::this_coro::executor;
    opening at(executor, *progress);
    co_await at.connect(*options, as);
    const bool pooled =
        options->transaction_pooler && (as == role::commands || options->notifications.empty());
    if (!pooled) {
        // Plans that are made once: for tables that are small when they are made, and may grow.
        std::string session =
            "SET default_transaction_isolation = 'read committed';"
            "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off";
        co_await at.ask(std::move(session));
    }
    if (as == role::commands) {
        co_await find_schema(at, options->schema, clock);
        if (!pooled) {
            std::string prepare;
            for (std::size_t i = 0; i < function_count; ++i) {
                const auto id = static_cast<function_id>(i);
                prepare.append("PREPARE ").append(prepared_name(id)).append(" AS ");
                prepare.append(statement_text(id, options->schema)).append(1, ';');
            }
            std::string trouble;
            try {
                co_await at.ask(std::move(prepare));
            } catch (const std::runtime_error& e) {
                trouble = e.what();
            }
            if (!trouble.empty())
                fail("cannot prepare statements (behind a transaction pooler, set transaction_pooler)",
                     trouble);
        }
    }
    co_return at.take();
}

} // namespace colock::postgres
