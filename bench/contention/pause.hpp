#pragma once

#include "random.hpp"
#include "time_text.hpp"

#include <string>
#include <string_view>

namespace contention {

/// How long a coroutine pauses, while it holds its keys or before it asks for them.
class pause_distribution {
public:
    enum class shape {
        none,        ///< `0`: no suspension at all
        yield,       ///< `yield`: one round through the event loop
        constant,    ///< `50us`
        uniform,     ///< `uniform:1ms..5ms`
        exponential, ///< `exp:1ms`, which is the mean
    };

    pause_distribution() = default;

    /// \throws std::invalid_argument says what is wrong with the text
    [[nodiscard]] static pause_distribution parse(std::string_view text);

    [[nodiscard]] shape kind() const noexcept { return kind_; }
    [[nodiscard]] bool suspends() const noexcept { return kind_ != shape::none; }
    [[nodiscard]] bool sleeps() const noexcept { return kind_ != shape::none && kind_ != shape::yield; }

    /// The length of the next pause; zero unless it sleeps.
    [[nodiscard]] nanoseconds draw(random_source& random) const noexcept;

    /// No drawn pause is longer.
    [[nodiscard]] nanoseconds longest() const noexcept;

    /// As parse() takes it.
    [[nodiscard]] std::string text() const;

private:
    shape kind_ = shape::none;
    nanoseconds least_{}; // or the only one, or the mean
    nanoseconds most_{};
};

} // namespace contention
