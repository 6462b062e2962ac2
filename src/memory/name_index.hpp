#pragma once

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

    [[nodiscard]] Node* find(std::string_view name, std::size_t hash) const noexcept {
        if (!buckets_)
            return nullptr;
        Node* node = buckets_[hash & mask_];
        while (node && !(node->hash == hash && node->name() == name))
            node = node->next_in_bucket;
        return node;
    }

    void insert(Node& node) {
        if (size_ >= capacity())
            resize(capacity() ? capacity() * 2 : smallest);
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

    [[nodiscard]] std::size_t capacity() const noexcept { return buckets_ ? mask_ + 1 : 0; }

    void shrink() noexcept {
        try {
            resize(capacity() / 4);
        } catch (...) { // no memory for the smaller array: the larger one will do
        }
    }

    void resize(std::size_t buckets) {
        auto larger = std::make_unique<Node*[]>(buckets);
        for (std::size_t i = 0; i < capacity(); ++i)
            for (Node* node = buckets_[i]; node;) {
                Node* next = node->next_in_bucket;
                Node*& bucket = larger[node->hash & (buckets - 1)];
                node->next_in_bucket = bucket;
                bucket = node;
                node = next;
            }
        buckets_ = std::move(larger);
        mask_ = buckets - 1;
    }

    std::unique_ptr<Node*[]> buckets_;
    std::size_t mask_ = 0;
    std::size_t size_ = 0;
};

} // namespace colock::memory
