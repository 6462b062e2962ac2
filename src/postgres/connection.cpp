#include "postgres/connection.hpp"

#include "postgres/batch.hpp"
#include "remote/engine.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <stdexcept>

namespace colock::postgres {
namespace {

using namespace remote;

constexpr std::size_t most_in_batch = 128;
constexpr std::size_t most_batches = 2; // one that the server works on, and one that it finds when it is done

// Errors after which another server, or the same one later, is to be asked; or that are those of the
// connection.
bool is_unusable(std::string_view state) {
    for (const std::string_view one : {"25006",                   // it does not take writes: a standby
                                       "3F000", "42P01", "42883", // the schema has gone
                                       "26000", "42P05",          // prepared statements of another connection
                                       "57P01", "57P02", "57P03"})
        if (state == one)
            return true;
    return false;
}

// The server gave way to another transaction: nothing was done.
bool is_for_another_try(std::string_view state) {
    return state == "40001" || state == "40P01";
}

} // namespace

class connection::session final : public remote::session, public std::enable_shared_from_this<session> {
public:
    session(const connection& of, std::uint64_t number)
        : role_(of.for_what()), strand_(of.strand_), options_(of.options_), dialect_(of.dialect_),
          home_(of.home()), number_(number), socket_(of.strand_) {}

    ~session() override { let_go(); }

    void open() override {
        asio::co_spawn(strand_, open_connection(options_, role_, progress_, clock_),
                       [self = shared_from_this()](std::exception_ptr error, connection_ptr made) {
                           self->connected(error, std::move(made));
                       });
    }

    void send(const operation_ptr& what) override {
        if (std::holds_alternative<listen_step>(what->what)) {
            listening_ = what;
            if (subscribed_)
                return read();
        }
        queue_.push_back({what});
    }

    void flush() override {
        if (!conn_ || closed_)
            return;
        while (batches_.size() < most_batches && !queue_.empty()) {
            batch next = next_batch(queue_, most_in_batch);
            if (!next.entries.empty())
                write(std::move(next));
        }
        write();
        read();
    }

    void stop_listening(const operation& what) noexcept override {
        if (listening_.get() != &what)
            return;
        listening_.reset();
        stop_reading();
    }

    void close() noexcept override {
        closed_ = true;
        progress_->stop();
        let_go();
        batches_.clear();
        queue_.clear();
        listening_.reset();
    }

private:
    using error_code = boost::system::error_code;

    // The socket is libpq's, which closes it.
    void let_go() noexcept {
        if (socket_.is_open())
            socket_.release();
        conn_.reset();
    }

    void connected(const std::exception_ptr& error, connection_ptr made) {
        if (closed_)
            return;
        if (error)
            try {
                std::rethrow_exception(error);
            } catch (const std::exception& e) {
                return fail(e.what());
            }
        conn_ = std::move(made);
        error_code failed;
        socket_.assign(PQsocket(conn_.get()), failed);
        if (failed || !PQenterPipelineMode(conn_.get()))
            return fail(PQerrorMessage(conn_.get()));
        const auto home = home_.lock();
        if (!home)
            return;
        carrier(*home, role_)->opened();
        if (role_ == role::commands)
            home->on_connected();
    }

    [[nodiscard]] time_point now() const {
        const auto home = home_.lock();
        return home ? home->clock().now() : time_point();
    }

    // ---- writing and reading ----

    void write(batch next) {
        const auto home = home_.lock();
        if (!home)
            return;
        bool good = true;
        for (const entry& one : next.entries)
            good = good && write(*home, *one.what);
        if (!good || !PQpipelineSync(conn_.get()))
            return fail(PQerrorMessage(conn_.get()));
        batches_.push_back(std::move(next));
    }

    bool write(engine& home, const operation& what) {
        const call made = encode(*dialect_, what, clock_, number_, home.is_observed());
        std::vector<const char*> values;
        values.reserve(made.parameters.size());
        for (const auto& one : made.parameters)
            values.push_back(one ? one->c_str() : nullptr);
        const int count = static_cast<int>(values.size());
        if (made.function != function_id::none && !options_->transaction_pooler)
            return PQsendQueryPrepared(conn_.get(), prepared_name(made.function).c_str(), count,
                                       values.data(), nullptr, nullptr, 0) != 0;
        const std::string text =
            made.function == function_id::none ? made.text : statement_text(made.function, dialect_->schema);
        return PQsendQueryParams(conn_.get(), text.c_str(), count, nullptr, values.data(), nullptr, nullptr,
                                 0) != 0;
    }

    void write() {
        if (writing_ || closed_)
            return;
        const int left = PQflush(conn_.get());
        if (left < 0)
            return fail(PQerrorMessage(conn_.get()));
        if (left == 0)
            return;
        writing_ = true;
        socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                           [self = shared_from_this()](error_code error) {
                               self->writing_ = false;
                               if (error && error != asio::error::operation_aborted)
                                   return self->fail(error.message());
                               self->write();
                           });
    }

    // A read that waits for nothing would keep the executor's context busy.
    void stop_reading() noexcept {
        if (reading_ && !writing_ && batches_.empty() && !listening_) {
            error_code ignored;
            socket_.cancel(ignored);
        }
    }

    void read() {
        if (reading_ || closed_ || (batches_.empty() && !listening_))
            return;
        reading_ = true;
        socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                           [self = shared_from_this()](error_code error) { self->arrived(error); });
    }

    void arrived(error_code error) {
        reading_ = false;
        if (closed_)
            return;
        if (error == asio::error::operation_aborted)
            return read(); // nobody wanted to read any more; perhaps somebody does again
        if (error)
            return fail(error.message());
        const auto home = home_.lock(); // what is answered may be the last to keep it
        if (!home)
            return close();
        if (!PQconsumeInput(conn_.get()))
            return fail(PQerrorMessage(conn_.get()));
        understand(*home);
        while (!closed_) {
            const std::unique_ptr<PGnotify, pq_memory> notice(PQnotifies(conn_.get()));
            if (!notice)
                break;
            pass_on(notice->extra, *home);
        }
        if (!closed_)
            flush(); // and read on
    }

    void fail(std::string_view text) {
        if (closed_)
            return;
        const std::string why = one_line(text);
        close();
        if (const auto home = home_.lock())
            carrier(*home, role_)->broken(errc::provider_unavailable, why);
    }

    // ---- understanding ----

    // Each statement's answer is followed by a null, and a batch's by that of its end.
    void understand(engine& home) {
        bool was_null = false;
        while (!closed_ && !batches_.empty() && !PQisBusy(conn_.get())) {
            result_ptr next(PQgetResult(conn_.get()));
            if (!next) {
                if (std::exchange(was_null, true))
                    return;
                continue;
            }
            was_null = false;
            batch& first = batches_.front();
            switch (PQresultStatus(next.get())) {
            case PGRES_PIPELINE_SYNC: {
                batch whole = std::move(first);
                batches_.pop_front();
                done(home, std::move(whole));
                break;
            }
            case PGRES_TUPLES_OK:
            case PGRES_COMMAND_OK:
                first.answers.push_back(std::move(next));
                break;
            case PGRES_PIPELINE_ABORTED:
                break;
            default:
                if (!first.error)
                    first.error = std::move(next);
            }
        }
    }

    void done(engine& home, batch whole) {
        if (whole.error)
            return failed(home, std::move(whole));
        if (whole.answers.size() != whole.entries.size())
            return fail("not as many answers as questions");
        for (std::size_t i = 0; i < whole.entries.size() && !closed_; ++i)
            answered(home, whole.entries[i].what, *whole.answers[i]);
    }

    // Nothing of it happened.
    void failed(engine& home, batch whole) {
        const std::string state(sqlstate(*whole.error));
        const std::string text = one_line(PQresultErrorMessage(whole.error.get()));
        if (is_unusable(state))
            return fail(state == "26000" || state == "42P05"
                            ? text + " (behind a transaction pooler, set transaction_pooler)"
                            : text);
        const bool again = whole.entries.size() > 1 || is_for_another_try(state);
        for (auto one = whole.entries.rbegin(); one != whole.entries.rend(); ++one) {
            one->alone = true;
            if (again && one->failures++ < 20) {
                queue_.push_front(std::move(*one));
            } else {
                reply answer;
                answer.error = errc::provider_unavailable;
                answer.text = text;
                carrier(home, role_)->answered(one->what, std::move(answer));
            }
        }
    }

    void answered(engine& home, const operation_ptr& what, const PGresult& result) {
        if (std::holds_alternative<listen_step>(what->what)) {
            subscribed_ = true;
            return home.on_listening();
        }
        side_effects besides;
        remote::reply answer;
        try {
            std::int64_t server_time = 0;
            answer = decode(*what, result, server_time, besides);
            if (server_time != 0)
                clock_.observe(server_time, what->sent_at, now());
        } catch (const std::exception& e) {
            return fail(e.what());
        }
        carrier(home, role_)->answered(what, std::move(answer));
        besides.pass_on(home);
    }

    struct pq_memory {
        void operator()(PGnotify* memory) const noexcept { PQfreemem(memory); }
    };

    const role role_;
    const asio::any_io_executor strand_;
    const std::shared_ptr<const postgres_options> options_;
    const std::shared_ptr<const dialect> dialect_;
    const std::weak_ptr<engine> home_;
    const std::uint64_t number_;
    const std::shared_ptr<connecting> progress_ = std::make_shared<connecting>();

    connection_ptr conn_;
    asio::posix::stream_descriptor socket_;
    server_clock clock_;
    std::deque<entry> queue_;
    std::deque<batch> batches_;
    operation_ptr listening_;
    bool writing_ = false;
    bool reading_ = false;
    bool subscribed_ = false;
    bool closed_ = false;
};

connection::connection(role as, asio::any_io_executor strand, std::shared_ptr<const postgres_options> options,
                       const std::shared_ptr<engine>& home)
    : session_link(as, home), strand_(std::move(strand)), options_(std::move(options)),
      dialect_(std::make_shared<dialect>(dialect{
          options_->schema, options_->name_space, static_cast<std::int64_t>(home->origin()),
          static_cast<std::int64_t>(std::min<std::size_t>(options_->max_waiters, std::size_t{1} << 52))})) {}

std::shared_ptr<remote::session> connection::make_session(std::uint64_t number) {
    return std::make_shared<session>(*this, number);
}

void no_notifications::open() {
    asio::post(strand_, [weak = home_] {
        if (const auto home = weak.lock())
            home->notifications()->opened();
    });
}

void no_notifications::send(const operation_ptr& what) {
    if (!std::holds_alternative<listen_step>(what->what))
        asio::post(strand_, [weak = home_, what] {
            if (const auto home = weak.lock())
                home->notifications()->answered(what, {});
        });
}

} // namespace colock::postgres
