#include <colock/key_set.hpp>

#include <algorithm>

namespace colock {

void key_set::assign_long(std::string_view key) {
    long_ = std::make_unique<char[]>(key.size());
    std::memcpy(long_.get(), key.data(), key.size());
    count_ = 1;
    length_ = static_cast<std::uint32_t>(std::min<std::size_t>(key.size(), UINT32_MAX));
    hash_ = hash_of(key);
}

void key_set::assign(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (names.size() == 1)
        return assign(std::string_view(names.front()));
    many_ = std::make_unique<std::vector<named>>();
    many_->reserve(names.size());
    for (auto& name : names) {
        const std::size_t hash = hash_of(name);
        many_->push_back(named{std::move(name), hash});
    }
    count_ = static_cast<std::uint32_t>(many_->size());
}

key_set::key_set(const key_set& other)
    : count_(other.count_), length_(other.length_), hash_(other.hash_), short_(other.short_) {
    if (other.long_) {
        long_ = std::make_unique<char[]>(length_);
        std::memcpy(long_.get(), other.long_.get(), length_);
    }
    if (other.many_)
        many_ = std::make_unique<std::vector<named>>(*other.many_);
}

key_set& key_set::operator=(const key_set& other) {
    if (this != &other)
        *this = key_set(other);
    return *this;
}

key_set& key_set::operator=(key_set&& other) noexcept {
    if (this != &other) {
        count_ = std::exchange(other.count_, 0);
        length_ = other.length_;
        hash_ = other.hash_;
        short_ = other.short_;
        long_ = std::move(other.long_);
        many_ = std::move(other.many_);
    }
    return *this;
}

bool key_set::valid() const noexcept {
    if (count_ == 1)
        return length_ >= 1 && length_ <= max_name_length;
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
