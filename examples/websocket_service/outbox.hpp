#pragma once

#include <cstddef>
#include <deque>
#include <string>

namespace seat_service {

/// What waits to be sent on one connection.
class outbox {
public:
    explicit outbox(std::size_t most_bytes) : most_(most_bytes) {}

    /// False: there is too much already; the message is not added.
    [[nodiscard]] bool push(std::string text) {
        const std::size_t size = cost(text);
        if (bytes_ + size > most_)
            return false;
        bytes_ += size;
        messages_.push_back(std::move(text));
        return true;
    }

    /// Events, which the client did not ask for one by one, are held back then.
    [[nodiscard]] bool half_full() const noexcept { return bytes_ > most_ / 2; }
    [[nodiscard]] bool empty() const noexcept { return messages_.empty(); }
    [[nodiscard]] const std::string& front() const noexcept { return messages_.front(); }
    void pop() {
        bytes_ -= cost(messages_.front());
        messages_.pop_front();
    }
    /// All but the first, which is being written.
    void drop_rest() {
        while (messages_.size() > 1) {
            bytes_ -= cost(messages_.back());
            messages_.pop_back();
        }
    }

private:
    static std::size_t cost(const std::string& text) noexcept { return text.size() + sizeof(std::string); }

    std::deque<std::string> messages_;
    std::size_t bytes_ = 0;
    std::size_t most_;
};

} // namespace seat_service
