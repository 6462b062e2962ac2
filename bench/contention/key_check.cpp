#include "key_check.hpp"

#include <algorithm>

namespace contention {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;

void raise(std::atomic<std::uint64_t>& to, std::uint64_t value) noexcept {
    std::uint64_t now = to.load(relaxed);
    while (now < value && !to.compare_exchange_weak(now, value, relaxed))
        ;
}

} // namespace

std::uint64_t key_check::greatest_token() const noexcept {
    return std::max(writers_token_.load(relaxed), readers_token_.load(relaxed));
}

breach key_check::enter(lock_mode mode, std::uint64_t token, std::uint64_t seen) noexcept {
    breach found;
    const bool exclusive = mode == lock_mode::exclusive;
    const std::uint64_t others = holders_.fetch_add(exclusive ? writer : reader, relaxed);
    found.writers = static_cast<std::uint32_t>(others / writer);
    if (exclusive)
        found.readers = static_cast<std::uint32_t>(others % writer);

    // Who excludes this holder has ended before it was granted; other readers may have been granted later.
    const std::uint64_t earlier = std::max(seen, exclusive ? greatest_token() : writers_token_.load(relaxed));
    if (token <= earlier) { // no grant has token zero
        found.stale_token = true;
        found.token = token;
        found.earlier = earlier;
    }
    raise(exclusive ? writers_token_ : readers_token_, token);
    return found;
}

std::string describe(const breach& found, std::string_view key) {
    std::string text = "key \"" + std::string(key) + '"';
    const auto holders = [](std::uint32_t count, const char* how) {
        return std::to_string(count) + (count == 1 ? " holder was" : " holders were") + ' ' + how;
    };
    if (found.writers != 0)
        text += " was granted while " + holders(found.writers, "there that has it exclusively");
    else if (found.readers != 0)
        text += " was granted exclusively while " + holders(found.readers, "there that share it");
    if (found.stale_token)
        text += std::string(found.overlap() ? ", and" : " was granted") + " with token " +
                std::to_string(found.token) + ", which is not greater than " + std::to_string(found.earlier) +
                " of an earlier grant";
    return text;
}

} // namespace contention
