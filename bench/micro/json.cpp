// A report as JSON.
#include "report.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/version.hpp>

#include <algorithm>

namespace colock_bench {
namespace {

namespace json = boost::json;

json::object to_object(const spread& s) {
    return {{"median", s.median}, {"min", s.least}, {"max", s.most}};
}

json::object to_object(const measured& row) {
    json::object made{{"name", row.name}};
    for (const auto& member : to_object(row.value))
        made.insert(member);
    made["unit"] = row.unit;
    return made;
}

json::object to_object(const judged& one) {
    json::object made{{"what", one.row.what}};
    for (const auto& member : to_object(one.value))
        made.insert(member);
    made["must"] = one.row.must;
    made["aim"] = one.row.aim;
    made["at_least"] = one.row.at_least;
    made["verdict"] = one.verdict();
    return made;
}

json::object to_object(const curve& one, const std::vector<measured>& variants) {
    json::array all;
    for (const series& s : one.all) {
        json::array points;
        for (const curve_point& point : s.points) {
            const auto found = std::ranges::find(variants, point.variant, &measured::name);
            if (found == variants.end())
                continue;
            json::object made{{"x", point.x}};
            for (const auto& member : to_object(found->value))
                made.insert(member);
            points.push_back(std::move(made));
        }
        all.push_back(json::object{{"name", s.name}, {"points", std::move(points)}});
    }
    return {{"name", one.name},
            {"title", one.title},
            {"x_label", one.x_label},
            {"unit", "operations/us"},
            {"series", std::move(all)}};
}

std::string compiler() {
#ifdef __clang__
    return "clang " __clang_version__;
#else
    return "g++ " __VERSION__;
#endif
}

} // namespace

std::string to_json(const report& what) {
    json::array variants;
    json::array ratios;
    json::array curves;
    for (const measured& row : what.variants)
        variants.push_back(to_object(row));
    for (const judged& one : what.ratios)
        ratios.push_back(to_object(one));
    for (const curve& one : what.curves)
        if (was_measured(one, what.variants))
            curves.push_back(to_object(one, what.variants));
    json::object whole{{"program", "colock micro"},
                       {"compiler", compiler()},
                       {"boost", BOOST_LIB_VERSION},
                       {"rounds", what.rounds},
                       {"variants", std::move(variants)}};
    if (curves.empty())
        whole["ratios"] = std::move(ratios);
    else
        whole["curves"] = std::move(curves);
    return json::serialize(whole);
}

} // namespace colock_bench
