#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace colock {

/// The longest key and the longest owner name, in bytes.
inline constexpr std::size_t max_name_length = 512;

/// The keys of one call: a set of byte strings, sorted, each at most once (rule K2). It owns its bytes, so
/// the strings it was made from may go away. One short key is kept without an allocation.
///
/// Any string converts to a key_set of that one key; several keys are written `colock::keys("a", "b")`, which
/// also works inside a `co_await` on GCC 12, where braced lists do not compile. Whether the keys are usable
/// is checked by the call that takes them (`errc::invalid_argument`), not here.
///
/// Thread safety: distinct objects safe, shared objects safe for reading.
class key_set {
public:
    class iterator;
    using value_type = std::string_view;
    using const_iterator = iterator;

    key_set() noexcept = default;
    key_set(std::string_view key) { assign(key); }                          // NOLINT(*-explicit-*)
    key_set(const std::string& key) : key_set(std::string_view(key)) {}     // NOLINT(*-explicit-*)
    key_set(const char* key) : key_set(std::string_view(key ? key : "")) {} // NOLINT(*-explicit-*)
    key_set(std::initializer_list<std::string_view> keys) : key_set(keys.begin(), keys.end()) {}

    template<class InputIterator>
    requires std::is_convertible_v<typename std::iterator_traits<InputIterator>::reference, std::string_view>
    key_set(InputIterator first, InputIterator last) {
        std::vector<std::string> names;
        for (; first != last; ++first)
            names.emplace_back(std::string_view(*first));
        assign(std::move(names));
    }

    key_set(const key_set& other);
    key_set(key_set&& other) noexcept { take(other); }
    key_set& operator=(const key_set& other);
    key_set& operator=(key_set&& other) noexcept {
        if (this != &other) {
            clear();
            take(other);
        }
        return *this;
    }
    ~key_set() { clear(); }

    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] inline iterator begin() const noexcept;
    [[nodiscard]] inline iterator end() const noexcept;

    /// The key at `index`, which must be smaller than `size()`; the view lives as long as the set is not
    /// changed.
    [[nodiscard]] std::string_view operator[](std::size_t index) const noexcept {
        return count_ == 1 ? std::string_view(single(), length_)
                           : std::string_view((*bytes_.many)[index].name);
    }

    /// The hash of the key at `index`, computed once when the set was made.
    [[nodiscard]] std::size_t hash(std::size_t index) const noexcept {
        return count_ == 1 ? hash_ : (*bytes_.many)[index].hash;
    }

    /// At least one key, and each between 1 and max_name_length bytes long (rule K3).
    [[nodiscard]] bool valid() const noexcept {
        return count_ == 1 ? length_ >= 1 && length_ <= max_name_length : all_valid();
    }

    [[nodiscard]] bool contains(std::string_view key) const noexcept;
    [[nodiscard]] std::vector<std::string> to_vector() const;
    friend bool operator==(const key_set& a, const key_set& b) noexcept;

    /// The hash that `hash()` gives a key.
    [[nodiscard]] static std::size_t hash_of(std::string_view key) noexcept {
        return std::hash<std::string_view>{}(key);
    }

private:
    struct named {
        std::string name;
        std::size_t hash;
    };
    static constexpr std::size_t inline_capacity = 40;

    // Moving copies its bytes: a key passes through a few objects on its way into a call.
    union bytes {
        std::array<char, inline_capacity> here; // of a single key
        char* longer;                           // of a single key that does not fit
        std::vector<named>* many;               // several keys
    };

    [[nodiscard]] bool fits() const noexcept { return length_ <= inline_capacity; }
    [[nodiscard]] const char* single() const noexcept { return fits() ? bytes_.here.data() : bytes_.longer; }
    void assign(std::string_view key) {
        if (key.size() > inline_capacity)
            return assign_long(key);
        count_ = 1;
        length_ = static_cast<std::uint32_t>(key.size());
        hash_ = hash_of(key);
        if (!key.empty())
            std::memcpy(bytes_.here.data(), key.data(), key.size());
    }
    void assign_long(std::string_view key);
    void assign(std::vector<std::string> names);
    void take(key_set& other) noexcept {
        count_ = std::exchange(other.count_, 0);
        length_ = std::exchange(other.length_, 0);
        hash_ = other.hash_;
        bytes_ = other.bytes_;
    }
    void clear() noexcept {
        if (count_ > 1 || !fits())
            free();
    }
    void free() noexcept;
    [[nodiscard]] bool all_valid() const noexcept;

    std::uint32_t count_ = 0;
    std::uint32_t length_ = 0; // of the single key, else zero
    std::size_t hash_ = 0;     // of the single key
    bytes bytes_{};
};

class key_set::iterator {
public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::string_view*;
    using reference = std::string_view;

    iterator() = default;
    reference operator*() const noexcept { return (*set_)[index_]; }
    iterator& operator++() noexcept {
        ++index_;
        return *this;
    }
    iterator operator++(int) noexcept {
        iterator before = *this;
        ++index_;
        return before;
    }
    friend bool operator==(const iterator&, const iterator&) = default;

private:
    friend class key_set;
    iterator(const key_set* set, std::size_t index) noexcept : set_(set), index_(index) {}

    const key_set* set_ = nullptr;
    std::size_t index_ = 0;
};

inline key_set::iterator key_set::begin() const noexcept {
    return {this, 0};
}
inline key_set::iterator key_set::end() const noexcept {
    return {this, count_};
}

template<class T>
concept key_like = std::is_convertible_v<const T&, std::string_view>;

/// Several keys for one call: `co_await locks.lock(colock::keys("order:1", customer_key))`.
template<key_like... Keys>
[[nodiscard]] key_set keys(const Keys&... names) {
    const std::array<std::string_view, sizeof...(Keys)> views{std::string_view(names)...};
    return key_set(views.begin(), views.end());
}

} // namespace colock
