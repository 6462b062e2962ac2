#include "report.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace cycles {
namespace {

struct spread {
    double median;
    double least;
    double most;
};

spread spread_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    return {median, values.front(), values.back()};
}

} // namespace

figure ratio(std::string name, const figure& of, const figure& to) {
    figure result{std::move(name), {}};
    for (std::size_t i = 0; i < of.values.size(); ++i)
        result.add(of.values[i] / to.values[i]);
    return result;
}

std::string to_line(const figure& of, int digits) {
    const spread s = spread_of(of.values);
    std::array<char, 160> text{};
    std::snprintf(text.data(), text.size(), "  %-52s %9.*f   %.*f - %.*f\n", of.name.c_str(), digits,
                  s.median, digits, s.least, digits, s.most);
    return text.data();
}

std::string to_json(const std::vector<figure>& all) {
    boost::json::object object;
    for (const figure& one : all) {
        const spread s = spread_of(one.values);
        object[one.name] = boost::json::array{s.median, s.least, s.most};
    }
    return boost::json::serialize(object);
}

} // namespace cycles
