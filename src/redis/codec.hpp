#pragma once

#include <hiredis/hiredis.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace colock::redis {

/// An answer of the server, or a part of one. A view: it lives as long as the reply that it is of.
class value {
public:
    value() = default;
    explicit value(const redisReply* of) noexcept : of_(of) {}

    [[nodiscard]] bool is_error() const noexcept { return of_ && of_->type == REDIS_REPLY_ERROR; }
    [[nodiscard]] bool is_number() const noexcept { return of_ && of_->type == REDIS_REPLY_INTEGER; }
    [[nodiscard]] bool is_array() const noexcept { return of_ && of_->type == REDIS_REPLY_ARRAY; }

    /// Of a text, a status or an error; else empty.
    [[nodiscard]] std::string_view text() const noexcept {
        return of_ && of_->str ? std::string_view(of_->str, of_->len) : std::string_view();
    }
    /// Of an integer, or of a text that is one; else zero.
    [[nodiscard]] std::int64_t number() const noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return is_array() ? of_->elements : 0; }
    /// A part; one that is not there is empty.
    [[nodiscard]] value operator[](std::size_t i) const noexcept {
        return i < size() ? value(of_->element[i]) : value();
    }

private:
    const redisReply* of_ = nullptr;
};

/// A reply with all its parts.
class owned_value {
public:
    owned_value() = default;
    explicit owned_value(redisReply* reply) noexcept : reply_(reply) {}
    [[nodiscard]] explicit operator bool() const noexcept { return reply_ != nullptr; }
    [[nodiscard]] value get() const noexcept { return value(reply_.get()); }

private:
    struct free_reply {
        void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
    };
    std::unique_ptr<redisReply, free_reply> reply_;
};

/// Makes replies from the bytes of a connection, however they are cut.
class reply_reader {
public:
    reply_reader();

    /// False: this is not the protocol of Redis; error() says why. Nothing can be read any more.
    [[nodiscard]] bool feed(std::string_view bytes);
    /// The next reply; empty: it is not complete, or failed().
    [[nodiscard]] owned_value next();
    [[nodiscard]] bool failed() const noexcept { return reader_->err != 0; }
    [[nodiscard]] std::string_view error() const noexcept { return reader_->errstr; }

private:
    struct free_reader {
        void operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }
    };
    std::unique_ptr<redisReader, free_reader> reader_;
};

/// Writes commands as the protocol has them: how many words, then each with its length.
class command_writer {
public:
    explicit command_writer(std::string& to) noexcept : to_(to) {}
    /// A command of so many words, which are to be added.
    command_writer& begin(std::size_t words);
    command_writer& add(std::string_view word);
    command_writer& add(std::int64_t number);

private:
    void add_size(char kind, std::size_t size);
    std::string& to_;
};

/// The words of one command that is written seldom.
class command {
public:
    template<class... Words>
    explicit command(const Words&... words) {
        (add(words), ...);
    }
    command& add(std::string_view word);
    command& add(const char* word) { return add(std::string_view(word)); }
    command& add(std::int64_t number);
    void append_to(std::string& out) const;

private:
    std::vector<std::string> words_;
};

} // namespace colock::redis
