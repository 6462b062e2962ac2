#include "postgres/check.hpp"

#include "remote/engine.hpp"

namespace colock::postgres {

using namespace std::chrono_literals;

namespace {

// One row: the version, and a sentence or nothing for each threat.
constexpr std::string_view question = R"sql(
SELECT current_setting('server_version'),
    CASE WHEN current_setting('fsync') = 'off'
        THEN 'fsync is off: a crash of the machine may destroy the whole database' END,
    CASE WHEN current_setting('synchronous_commit') = 'off'
        THEN 'synchronous_commit is off: a crash may forget the last grants, which are granted again' END,
    CASE WHEN current_setting('full_page_writes') = 'off'
        THEN 'full_page_writes is off: a crash of the machine may destroy tables' END,
    CASE WHEN pg_is_in_recovery()
        THEN 'the server is a standby: it takes no locks' END,
    (SELECT 'a standby (' || string_agg(application_name, ', ')
            || ') is asynchronous: if it is promoted, the last grants may be granted again'
        FROM pg_stat_replication WHERE sync_state = 'async' HAVING count(*) > 0),
    CASE WHEN current_setting('autovacuum') = 'off' OR current_setting('track_counts') = 'off'
        THEN 'autovacuum is off: the tables of the locks grow' END,
    CASE WHEN current_setting('transaction_isolation') <> 'read committed'
        THEN 'transactions are "' || current_setting('transaction_isolation')
            || '": those that meet are carried out again; "read committed" is enough' END,
    (SELECT 'a transaction has been open for ' || extract(epoch FROM max(now() - xact_start))::int
            || ' s: until it ends, locks that are used often become slow'
        FROM pg_stat_activity WHERE (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
            AND pid <> pg_backend_pid() AND backend_type <> 'autovacuum worker'
            AND datname = current_database()
            AND extract(epoch FROM now() - xact_start) > )sql";

} // namespace

std::string check_question(std::chrono::seconds long_open) {
    return std::string(question).append(std::to_string(long_open.count())).append(" HAVING count(*) > 0)");
}

asio::awaitable<postgres_report> check(std::shared_ptr<remote::engine> home) {
    std::vector<std::string> words;
    words.push_back(check_question(60s));
    const auto asking = home->make_errand(remote::question_step{std::move(words)});
    const remote::reply answer = co_await home->carry_out(asking);
    postgres_report report;
    report.version = answer.words.at(0);
    for (std::size_t i = 1; i < answer.words.size(); ++i)
        if (!answer.words[i].empty())
            report.warnings.push_back(answer.words[i]);
    co_return report;
}

} // namespace colock::postgres
