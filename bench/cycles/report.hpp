#pragma once

#include <string>
#include <vector>

namespace cycles {

/// A figure of each round.
struct figure {
    std::string name;
    std::vector<double> values;

    void add(double value) { values.push_back(value); }
};

/// Of the same rounds.
[[nodiscard]] figure ratio(std::string name, const figure& of, const figure& to);

/// `name   median   least - most`
[[nodiscard]] std::string to_line(const figure& of, int digits);

/// One JSON object: `[median, least, most]` by name.
[[nodiscard]] std::string to_json(const std::vector<figure>& all);

} // namespace cycles
