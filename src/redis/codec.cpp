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

command& command::add(std::string_view word) {
    bytes_.append(word);
    lengths_.push_back(word.size());
    return *this;
}

command& command::add(std::int64_t number) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return add(std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

void command::append_to(std::string& out) const {
    std::vector<const char*> words;
    words.reserve(lengths_.size());
    const char* at = bytes_.data();
    for (const std::size_t length : lengths_) {
        words.push_back(at);
        at += length;
    }
    char* formatted = nullptr;
    const auto length =
        redisFormatCommandArgv(&formatted, static_cast<int>(words.size()), words.data(), lengths_.data());
    if (length < 0)
        throw std::bad_alloc();
    out.append(formatted, static_cast<std::size_t>(length));
    redisFreeCommand(formatted);
}

} // namespace colock::redis
