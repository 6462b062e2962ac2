#include "redis/codec.hpp"

#include <charconv>
#include <new>

namespace colock::redis {

std::int64_t value::number() const noexcept {
    if (!of_)
        return 0;
    if (of_->type == REDIS_REPLY_INTEGER)
        return of_->integer;
    std::int64_t result = 0;
    const std::string_view digits = text();
    std::from_chars(digits.data(), digits.data() + digits.size(), result);
    return result;
}

reply_reader::reply_reader() : reader_(redisReaderCreate()) {
    if (!reader_)
        throw std::bad_alloc();
}

bool reply_reader::feed(std::string_view bytes) {
    return redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) == REDIS_OK;
}

owned_value reply_reader::next() {
    void* reply = nullptr;
    if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK)
        return {};
    return owned_value(static_cast<redisReply*>(reply));
}

namespace {

/// A number in decimal, without a string of its own.
class digits {
public:
    template<class Number>
    explicit digits(Number number) noexcept
        : size_(static_cast<std::size_t>(std::to_chars(text_, text_ + sizeof text_, number).ptr - text_)) {}
    [[nodiscard]] std::string_view view() const noexcept { return {text_, size_}; }

private:
    char text_[24];
    std::size_t size_;
};

} // namespace

void command_writer::add_size(char kind, std::size_t size) {
    to_.push_back(kind);
    to_.append(digits(size).view());
    to_.append("\r\n", 2);
}

command_writer& command_writer::begin(std::size_t words) {
    add_size('*', words);
    return *this;
}

command_writer& command_writer::add(std::string_view word) {
    add_size('$', word.size());
    to_.append(word);
    to_.append("\r\n", 2);
    return *this;
}

command_writer& command_writer::add(std::int64_t number) {
    return add(digits(number).view());
}

command& command::add(std::string_view word) {
    words_.emplace_back(word);
    return *this;
}

command& command::add(std::int64_t number) {
    return add(digits(number).view());
}

void command::append_to(std::string& out) const {
    command_writer writer(out);
    writer.begin(words_.size());
    for (const std::string& word : words_)
        writer.add(std::string_view(word));
}

} // namespace colock::redis
