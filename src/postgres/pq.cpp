#include "postgres/pq.hpp"

#include <algorithm>
#include <charconv>

namespace colock::postgres {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

void append_hex(std::string& to, std::string_view bytes) {
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        to += hex_digits[byte >> 4];
        to += hex_digits[byte & 15];
    }
}

} // namespace

std::string one_line(std::string_view message) {
    std::string result;
    for (const char c : message)
        if (c != '\n' && c != '\r')
            result += c;
        else if (!result.empty() && result.back() != ' ')
            result += ' ';
    while (result.ends_with(' '))
        result.pop_back();
    return result;
}

std::string_view sqlstate(const PGresult& error) noexcept {
    const char* const state = PQresultErrorField(&error, PG_DIAG_SQLSTATE);
    return state ? std::string_view(state) : std::string_view();
}

std::string_view text_at(const PGresult& from, int row, int column) noexcept {
    return {PQgetvalue(&from, row, column), static_cast<std::size_t>(PQgetlength(&from, row, column))};
}

std::int64_t number_at(const PGresult& from, int row, int column) noexcept {
    const std::string_view digits = text_at(from, row, column);
    std::int64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

std::string bytes_at(const PGresult& from, int row, int column) {
    const char* const text = PQgetvalue(&from, row, column);
    std::size_t length = 0;
    const std::unique_ptr<unsigned char, pq_closer> bytes(
        PQunescapeBytea(reinterpret_cast<const unsigned char*>(text), &length));
    if (!bytes)
        throw std::bad_alloc();
    return {reinterpret_cast<const char*>(bytes.get()), length};
}

std::string to_bytea(std::string_view bytes) {
    std::string result = "\\x";
    append_hex(result, bytes);
    return result;
}

void array_text::separate() {
    if (text_.size() > 1)
        text_ += ',';
}

void array_text::add(std::int64_t number) {
    separate();
    text_ += std::to_string(number);
}

void array_text::add(std::string_view bytes) {
    separate();
    text_ += "\"\\\\x";
    append_hex(text_, bytes);
    text_ += '"';
}

bool is_plain_name(std::string_view name) noexcept {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    return !name.empty() && name.size() <= 63 && is_letter(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

} // namespace colock::postgres
