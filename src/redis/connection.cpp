#include "redis/connection.hpp"

#include "remote/engine.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <charconv>
#include <stdexcept>

namespace colock::redis {
namespace {

using namespace remote;

constexpr int answers_at_a_time = 16;

/// What the server is expected to answer next.
struct expectation {
    operation_ptr what; ///< null: a greeting
    std::string greeting;
    bool whole = false; ///< sent with the text of its script
};

// The slot is on its way to another node: some keys are here and some there. A script that finds a key
// missing breaks off; sent again with the mark of that, it gets the same answer.
bool is_on_its_way(std::string_view error) {
    return error.starts_with("ASK ") || error.starts_with("TRYAGAIN") ||
           error.find("non local key") != std::string_view::npos;
}

// Errors after which another server, or the same one later, is to be asked.
bool is_unusable(std::string_view error) {
    for (const std::string_view start : {"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "MOVED",
                                         "NOAUTH", "BUSY", "UNKILLABLE", "NOREPLICAS"})
        if (error.starts_with(start))
            return true;
    return is_on_its_way(error);
}

} // namespace

std::optional<redirection> to_redirection(std::string_view error) {
    if (!error.starts_with("MOVED "))
        return std::nullopt;
    const std::string_view where = error.substr(error.rfind(' ') + 1);
    const auto colon = where.rfind(':');
    redirection to;
    if (colon == std::string_view::npos || colon == 0 || error.find(' ', 6) == std::string_view::npos)
        return std::nullopt;
    to.host = where.substr(0, colon);
    const std::string_view digits = where.substr(colon + 1);
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), to.port);
    if (failed != std::errc() || end != digits.data() + digits.size() || to.port == 0)
        return std::nullopt;
    return to;
}

class connection::session final : public remote::session, public std::enable_shared_from_this<session> {
public:
    session(const connection& of, std::uint64_t number)
        : role_(of.for_what()), strand_(of.strand_), elsewhere_(of.elsewhere_),
          options_(of.options_for_now()), dialect_(of.dialect_), home_(of.home()), number_(number) {}

    void open() override {
        asio::co_spawn(
            strand_, connect(options_, progress_),
            [self = shared_from_this()](std::exception_ptr error, std::unique_ptr<byte_stream> made) {
                self->connected(error, std::move(made));
            });
    }

    void send(const operation_ptr& what) override { send(what, false); }

    void flush() override {
        if (!closed_)
            write();
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
        if (stream_)
            stream_->close();
        expected_.clear();
        listening_.reset();
    }

private:
    using error_code = boost::system::error_code;

    void send(const operation_ptr& what, bool whole) {
        const auto home = home_.lock();
        if (!home)
            return;
        if (std::holds_alternative<listen_step>(what->what)) {
            listening_ = what;
            if (subscribed_)
                return read();
        } else {
            expected_.push_back({what, {}, whole});
        }
        encode(*dialect_, *what, clock_, number_, home->is_observed(), whole, outgoing_);
    }

    void connected(const std::exception_ptr& error, std::unique_ptr<byte_stream> made) {
        stream_ = std::move(made);
        if (closed_) {
            if (stream_)
                stream_->close();
            return;
        }
        if (error) {
            elsewhere_->reset(); // back to where the options say
            try {
                std::rethrow_exception(error);
            } catch (const boost::system::system_error& e) {
                return fail(e.code(), "cannot connect: " + e.code().message());
            } catch (const std::exception& e) {
                return fail(errc::provider_unavailable, e.what());
            }
        }
        greet();
    }

    void greet(const command& words, std::string name) {
        words.append_to(outgoing_);
        expected_.push_back({nullptr, std::move(name), false});
    }

    void greet() {
        if (!options_->password.empty() || !options_->user.empty()) {
            command auth("AUTH");
            if (!options_->user.empty())
                auth.add(options_->user);
            greet(auth.add(options_->password), "AUTH");
        }
        if (options_->database != 0)
            greet(command("SELECT", std::int64_t{options_->database}), "SELECT");
        if (role_ == role::commands) {
            asked_at_ = now();
            greet(command("TIME"), "TIME");
        } else {
            greet(command("PING"), "PING");
        }
        write();
        read();
    }

    // Not before it is known to be welcome: to a stranger Redis does not listen for that long, and breaks off
    // without saying why.
    void load_scripts() {
        for (const script& s : scripts)
            greet(command("SCRIPT", "LOAD", s.text), "SCRIPT LOAD");
        write();
    }

    [[nodiscard]] time_point now() const {
        const auto home = home_.lock();
        return home ? home->clock().now() : time_point();
    }

    // ---- writing and reading ----

    void write() {
        if (!writing_.empty() || outgoing_.empty())
            return read();
        writing_.swap(outgoing_);
        stream_->write(asio::buffer(writing_),
                       [self = shared_from_this()](error_code error, std::size_t) { self->written(error); });
        read();
    }

    void written(error_code error) {
        writing_.clear();
        if (closed_)
            return;
        if (error)
            return fail(error);
        write();
        stop_reading();
    }

    // A read that waits for nothing would keep the executor's context busy. (It cannot be ended without
    // ending a write.)
    void stop_reading() noexcept {
        if (reading_ && writing_.empty() && expected_.empty() && !listening_)
            stream_->cancel();
    }

    void read() {
        if (reading_ || closed_ || (expected_.empty() && !listening_))
            return;
        reading_ = true;
        stream_->read_some(
            asio::buffer(incoming_),
            [self = shared_from_this()](error_code error, std::size_t n) { self->arrived(error, n); });
    }

    void arrived(error_code error, std::size_t n) {
        if (closed_)
            return;
        if (error) {
            reading_ = false;
            if (error == asio::error::operation_aborted)
                return read(); // nobody wanted to read any more; perhaps somebody does again
            return fail(error);
        }
        if (!reader_.feed({incoming_.data(), n}))
            return fail_to_read();
        digest();
    }

    // Some answers at a time, so that what follows from them is written, and the server works on it, while
    // the rest is looked at.
    void digest() {
        if (closed_)
            return;
        const auto home = home_.lock(); // what is answered may be the last to keep it
        if (!home)
            return close();
        for (int left = answers_at_a_time; left != 0 && !closed_; --left) {
            const owned_value reply = reader_.next();
            if (!reply) {
                if (reader_.failed())
                    return fail_to_read();
                reading_ = false;
                return write(); // and read on
            }
            understand(*home, reply.get());
        }
        if (!closed_)
            asio::post(strand_, [self = shared_from_this()] { self->digest(); });
    }

    void fail_to_read() {
        fail(errc::provider_unavailable, "this is not Redis: " + std::string(reader_.error()));
    }

    void fail(error_code error, const std::string& text = {}) {
        if (closed_)
            return;
        close();
        if (const auto home = home_.lock())
            carrier(*home, role_)->broken(error, text);
    }

    // ---- understanding ----

    void understand(engine& home, const value& reply) {
        if (role_ == role::notifications && reply.is_array() && reply[0].text() != "pong")
            return notified(home, reply);
        if (expected_.empty())
            return fail(errc::provider_unavailable, "an answer that nobody asked for");
        const expectation first = std::move(expected_.front());
        expected_.pop_front();
        if (!first.what)
            return greeted(home, first, reply);
        if (reply.is_error())
            return refused(home, first, reply.text());
        if (std::holds_alternative<ping_step>(first.what->what))
            return carrier(home, role_)->answered(first.what, {});
        answered(home, first.what, reply);
    }

    void greeted(engine& home, const expectation& what, const value& reply) {
        if (reply.is_error())
            return fail(errc::provider_unavailable, what.greeting + ": " + std::string(reply.text()));
        if (what.greeting == "TIME") {
            clock_.observe(reply[0].number() * 1000000 + reply[1].number(), asked_at_, now());
            load_scripts();
        }
        if (!expected_.empty())
            return;
        carrier(home, role_)->opened();
        if (role_ == role::commands)
            home.on_connected();
    }

    void refused(engine& home, const expectation& first, std::string_view error) {
        if (error.starts_with("NOSCRIPT") && !first.whole) {
            // not one that its call has given up: what takes it back may have been carried out already
            if (first.what->dropped())
                return carrier(home, role_)->answered(first.what, {});
            return send(first.what, true);
        }
        if (is_unusable(error)) {
            if (!is_on_its_way(error))
                *elsewhere_ = to_redirection(error);
            return fail(errc::provider_unavailable, std::string(error));
        }
        reply answer;
        answer.error = errc::provider_unavailable;
        answer.text = error;
        carrier(home, role_)->answered(first.what, std::move(answer));
    }

    void answered(engine& home, const operation_ptr& what, const value& reply) {
        side_effects besides;
        remote::reply answer;
        try {
            std::int64_t server_time = 0;
            answer = decode(*what, reply, server_time, besides);
            if (server_time != 0)
                clock_.observe(server_time, what->sent_at, now());
        } catch (const std::exception& e) {
            return fail(errc::provider_unavailable, e.what());
        }
        carrier(home, role_)->answered(what, std::move(answer));
        besides.pass_on(home);
    }

    void notified(engine& home, const value& message) {
        const std::string_view kind = message[0].text();
        if (kind == "subscribe") {
            subscribed_ = true;
            return home.on_listening();
        }
        const std::string_view text = message[2].text();
        if (kind == "message")
            pass_on(text, home);
    }

    const role role_;
    const asio::any_io_executor strand_;
    const std::shared_ptr<std::optional<redirection>> elsewhere_;
    const std::shared_ptr<const redis_options> options_;
    const std::shared_ptr<const dialect> dialect_;
    const std::weak_ptr<engine> home_;
    const std::uint64_t number_;
    const std::shared_ptr<connecting> progress_ = std::make_shared<connecting>();

    std::unique_ptr<byte_stream> stream_;
    reply_reader reader_;
    server_clock clock_;
    time_point asked_at_;
    std::deque<expectation> expected_;
    operation_ptr listening_;
    std::string outgoing_;
    std::string writing_;
    std::array<char, 32768> incoming_;
    bool reading_ = false;
    bool subscribed_ = false;
    bool closed_ = false;
};

connection::connection(role as, asio::any_io_executor strand, std::shared_ptr<const redis_options> options,
                       const std::shared_ptr<engine>& home)
    : session_link(as, home), strand_(std::move(strand)), options_(std::move(options)),
      dialect_(std::make_shared<dialect>(options_->name_space, home->origin(), options_->max_waiters)) {}

std::shared_ptr<const redis_options> connection::options_for_now() const {
    if (!*elsewhere_)
        return options_;
    auto changed = std::make_shared<redis_options>(*options_);
    changed->host = (*elsewhere_)->host;
    changed->port = (*elsewhere_)->port;
    return changed;
}

std::shared_ptr<remote::session> connection::make_session(std::uint64_t number) {
    return std::make_shared<session>(*this, number);
}

} // namespace colock::redis
