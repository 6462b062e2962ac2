#pragma once

#include <cstddef>
#include <memory>

namespace colock::memory {

/// An array whose size is known when it is made, and nearly always small. What it holds is not initialised.
template<class T>
class small_array {
public:
    explicit small_array(std::size_t size) : size_(size) {
        if (size > inline_size)
            many_ = std::make_unique<T[]>(size);
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] T* begin() noexcept { return many_ ? many_.get() : few_; }
    [[nodiscard]] T* end() noexcept { return begin() + size_; }
    [[nodiscard]] const T* begin() const noexcept { return many_ ? many_.get() : few_; }
    [[nodiscard]] const T* end() const noexcept { return begin() + size_; }
    [[nodiscard]] T& operator[](std::size_t i) noexcept { return begin()[i]; }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return begin()[i]; }

private:
    static constexpr std::size_t inline_size = 4;

    std::size_t size_;
    T few_[inline_size];
    std::unique_ptr<T[]> many_;
};

} // namespace colock::memory
