#include "pause.hpp"

#include <cmath>
#include <stdexcept>

namespace contention {
namespace {

// unit() is at most 1 - 2^-53, the logarithm of whose complement is -36.7.
constexpr int longest_exponential = 37;

} // namespace

pause_distribution pause_distribution::parse(std::string_view text) {
    pause_distribution made;
    const auto colon = text.find(':');
    if (text == "yield") {
        made.kind_ = shape::yield;
    } else if (colon == std::string_view::npos) {
        made.least_ = made.most_ = parse_span(text);
        made.kind_ = made.most_ == nanoseconds::zero() ? shape::none : shape::constant;
    } else if (text.substr(0, colon) == "exp") {
        made.least_ = made.most_ = parse_span(text.substr(colon + 1));
        made.kind_ = shape::exponential;
    } else if (text.substr(0, colon) == "uniform") {
        const std::string_view range = text.substr(colon + 1);
        const auto dots = range.find("..");
        if (dots == std::string_view::npos)
            throw std::invalid_argument('"' + std::string(text) + "\" is not of the form uniform:1ms..5ms");
        made.least_ = parse_span(range.substr(0, dots));
        made.most_ = parse_span(range.substr(dots + 2));
        made.kind_ = shape::uniform;
        if (made.least_ > made.most_)
            throw std::invalid_argument('"' + std::string(text) + "\" ends before it begins");
    } else {
        throw std::invalid_argument('"' + std::string(text) +
                                    "\" is not a pause: 0, yield, 50us, uniform:1ms..5ms or exp:1ms");
    }
    if (made.sleeps() && made.most_ == nanoseconds::zero())
        throw std::invalid_argument('"' + std::string(text) + "\" has no length; write 0 for no pause");
    if (made.kind_ == shape::exponential && made.most_ > std::chrono::hours(24))
        throw std::invalid_argument('"' + std::string(text) + "\" has a mean of more than a day");
    return made;
}

nanoseconds pause_distribution::draw(random_source& random) const noexcept {
    switch (kind_) {
    case shape::none:
    case shape::yield:
        return nanoseconds::zero();
    case shape::constant:
        return least_;
    case shape::uniform: {
        const auto width = static_cast<double>((most_ - least_).count());
        return least_ + nanoseconds(std::llround(random.unit() * width));
    }
    case shape::exponential:
        return nanoseconds(std::llround(-std::log1p(-random.unit()) * static_cast<double>(least_.count())));
    }
    return nanoseconds::zero();
}

nanoseconds pause_distribution::longest() const noexcept {
    return kind_ == shape::exponential ? most_ * longest_exponential : most_;
}

std::string pause_distribution::text() const {
    switch (kind_) {
    case shape::none:
        return "0";
    case shape::yield:
        return "yield";
    case shape::constant:
        return to_text(least_);
    case shape::uniform:
        return "uniform:" + to_text(least_) + ".." + to_text(most_);
    case shape::exponential:
        return "exp:" + to_text(least_);
    }
    return {};
}

} // namespace contention
