#include <colock/key_set.hpp>

#include <algorithm>
#include <memory>

namespace colock {

void key_set::assign_long(std::string_view key) {
    const std::size_t length = std::min<std::size_t>(key.size(), UINT32_MAX); // invalid, but not smaller
    bytes_.longer = new char[length];
    std::memcpy(bytes_.longer, key.data(), length);
    count_ = 1;
    length_ = static_cast<std::uint32_t>(length);
    hash_ = hash_of(key);
}

void key_set::assign(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (names.size() == 1)
        return assign(std::string_view(names.front()));
    if (names.empty())
        return;
    auto many = std::make_unique<std::vector<named>>();
    many->reserve(names.size());
    for (auto& name : names) {
        const std::size_t hash = hash_of(name);
        many->push_back(named{std::move(name), hash});
    }
    count_ = static_cast<std::uint32_t>(many->size());
    bytes_.many = many.release();
}

void key_set::free() noexcept {
    if (count_ > 1)
        delete bytes_.many;
    else
        delete[] bytes_.longer;
    count_ = 0;
    length_ = 0;
}

key_set::key_set(const key_set& other) : hash_(other.hash_), bytes_(other.bytes_) {
    if (other.count_ > 1)
        bytes_.many = new std::vector<named>(*other.bytes_.many);
    else if (!other.fits())
        std::memcpy(bytes_.longer = new char[other.length_], other.bytes_.longer, other.length_);
    count_ = other.count_;
    length_ = other.length_;
}

key_set& key_set::operator=(const key_set& other) {
    if (this != &other)
        *this = key_set(other);
    return *this;
}

bool key_set::all_valid() const noexcept {
    return count_ != 0 && std::all_of(begin(), end(), [](std::string_view key) {
               return !key.empty() && key.size() <= max_name_length;
           });
}

bool key_set::contains(std::string_view key) const noexcept {
    return std::find(begin(), end(), key) != end();
}

std::vector<std::string> key_set::to_vector() const {
    std::vector<std::string> names;
    names.reserve(count_);
    for (std::string_view key : *this)
        names.emplace_back(key);
    return names;
}

bool operator==(const key_set& a, const key_set& b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

} // namespace colock
