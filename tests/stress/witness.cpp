#include "witness.hpp"

#include <boost/test/unit_test.hpp>

namespace colock_test {

void findings::add(const std::string& what) {
    const std::lock_guard lock(mutex_);
    ++counts_[what];
}

void findings::report() const {
    const std::lock_guard lock(mutex_);
    for (const auto& [what, count] : counts_)
        BOOST_ERROR(what << " (" << count << " times)");
    BOOST_CHECK(counts_.empty());
}

// Relaxed, so that nothing but the lock orders what the threads do: TSan would not see otherwise if it did
// not.
void resource::enter(colock::lock_mode mode, std::uint64_t token, findings& found) {
    if (mode == colock::lock_mode::exclusive) {
        found.expect(writers_.fetch_add(1, std::memory_order_relaxed) == 0, "a writer beside a writer");
        found.expect(readers_.load(std::memory_order_relaxed) == 0, "a writer beside readers");
        found.expect(last_writer_ < token, "a writer's token is not greater than the last one's");
        last_writer_ = token;
    } else {
        readers_.fetch_add(1, std::memory_order_relaxed);
        found.expect(writers_.load(std::memory_order_relaxed) == 0, "a reader beside a writer");
        found.expect(last_writer_ < token, "a reader's token is not greater than the last writer's");
    }
}

void resource::leave(colock::lock_mode mode) {
    (mode == colock::lock_mode::exclusive ? writers_ : readers_).fetch_sub(1, std::memory_order_relaxed);
}

usage::usage(resources& of, const colock::key_set& keys, colock::lock_mode mode, std::uint64_t token,
             findings& found)
    : mode_(mode) {
    for (const std::string_view key : keys) {
        used_.push_back(&of.find(key)->second);
        used_.back()->enter(mode, token, found);
    }
}

usage::~usage() {
    for (resource* r : used_)
        r->leave(mode_);
}

} // namespace colock_test
