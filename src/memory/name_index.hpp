#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <memory>
#include <string_view>

namespace colock::memory {

/// An intrusive hash table of nodes that have a `name()`, a `hash` and a `next_in_bucket`. The hash is
/// computed once, by the caller; nodes are found by name and removed by address. The bucket array follows the
/// number of nodes up and down. Not thread-safe.
template<class Node>
class name_index {
public:
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    name_index() = default;
    name_index(const name_index&) = delete;
    name_index& operator=(const name_index&) = delete;

    [[nodiscard]] Node* find(std::string_view name, std::size_t hash) const noexcept {
        Node* node = buckets_[hash & mask_];
        while (node && !(node->hash == hash && node->name() == name))
            node = node->next_in_bucket;
        return node;
    }

    void insert(Node& node) {
        if (size_ >= capacity())
            resize(capacity() * 2);
        Node*& bucket = buckets_[node.hash & mask_];
        node.next_in_bucket = bucket;
        bucket = &node;
        ++size_;
    }

    void erase(Node& node) noexcept {
        Node** at = &buckets_[node.hash & mask_];
        while (*at != &node)
            at = &(*at)->next_in_bucket;
        *at = node.next_in_bucket;
        if (--size_ < capacity() / 8 && capacity() > smallest)
            shrink();
    }

    /// Calls `f(node)` for each; it must not change the index.
    template<class Function>
    void for_each(Function f) const {
        for (std::size_t i = 0; i < capacity(); ++i)
            for (Node* node = buckets_[i]; node; node = node->next_in_bucket)
                f(*node);
    }

private:
    static constexpr std::size_t smallest = 16;

    [[nodiscard]] std::size_t capacity() const noexcept { return mask_ + 1; }

    void shrink() noexcept {
        try {
            resize(capacity() / 4);
        } catch (...) { // no memory for the smaller array: the larger one will do
        }
    }

    void resize(std::size_t buckets) {
        std::unique_ptr<Node*[]> allocated;
        std::array<Node*, smallest> few{};
        Node** larger = few.data();
        if (buckets > smallest) {
            allocated = std::make_unique<Node*[]>(buckets);
            larger = allocated.get();
        }
        for (std::size_t i = 0; i < capacity(); ++i)
            for (Node* node = buckets_[i]; node;) {
                Node* next = node->next_in_bucket;
                Node*& bucket = larger[node->hash & (buckets - 1)];
                node->next_in_bucket = bucket;
                bucket = node;
                node = next;
            }
        few_ = few;
        many_ = std::move(allocated);
        buckets_ = many_ ? many_.get() : few_.data();
        mask_ = buckets - 1;
    }

    std::array<Node*, smallest> few_{}; // here, so that shards do not share cache lines by chance
    std::unique_ptr<Node*[]> many_;
    Node** buckets_ = few_.data();
    std::size_t mask_ = smallest - 1;
    std::size_t size_ = 0;
};

} // namespace colock::memory
