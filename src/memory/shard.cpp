#include "memory/shard.hpp"

#include "memory/transaction.hpp"

#include <new>

namespace colock::memory {
namespace {

std::size_t size_class(std::size_t length) noexcept {
    return length <= 24 ? 0 : (length - 9) / 16;
}

void keep_or_free(std::vector<void*>& idle, std::size_t most, void* memory) noexcept {
    if (idle.size() < most) {
        if (idle.capacity() == 0)
            idle.reserve(most);
        idle.push_back(memory);
    } else {
        ::operator delete(memory);
    }
}

} // namespace

record_pool::~record_pool() {
    for (auto& idle : idle_entries_)
        for (void* memory : idle)
            ::operator delete(memory);
    for (void* memory : idle_holds_)
        ::operator delete(memory);
}

entry* record_pool::make_entry(std::string_view name, std::size_t hash, shard& home) {
    const std::size_t kind = size_class(name.size());
    void* memory = nullptr;
    if (kind < idle_entries_.size() && !idle_entries_[kind].empty()) {
        memory = idle_entries_[kind].back();
        idle_entries_[kind].pop_back();
    } else {
        memory = ::operator new(sizeof(entry) + 24 + 16 * kind);
    }
    auto* e = ::new (memory) entry;
    e->hash = hash;
    e->home = &home;
    e->length = static_cast<std::uint16_t>(name.size());
    std::memcpy(static_cast<void*>(e + 1), name.data(), name.size());
    return e;
}

void record_pool::recycle(entry* e) noexcept {
    const std::size_t kind = size_class(e->length);
    e->~entry();
    if (kind < idle_entries_.size())
        keep_or_free(idle_entries_[kind], most_idle, e);
    else
        ::operator delete(static_cast<void*>(e));
}

hold_record* record_pool::make_hold() {
    void* memory = nullptr;
    if (idle_holds_.empty()) {
        memory = ::operator new(sizeof(hold_record));
    } else {
        memory = idle_holds_.back();
        idle_holds_.pop_back();
    }
    return ::new (memory) hold_record;
}

void record_pool::recycle(hold_record* h) noexcept {
    h->~hold_record();
    keep_or_free(idle_holds_, most_idle, h);
}

} // namespace colock::memory
