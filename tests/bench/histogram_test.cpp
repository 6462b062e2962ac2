#include "histogram.hpp"
#include "random.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

BOOST_AUTO_TEST_SUITE(histogram)

namespace {

std::uint64_t percentile_of_sorted(const std::vector<std::int64_t>& sorted, double fraction) {
    const auto rank = static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(sorted.size())));
    return static_cast<std::uint64_t>(sorted[std::max<std::size_t>(rank, 1) - 1]);
}

// Spread over many orders of magnitude, as latencies are.
std::vector<std::int64_t> some_latencies(std::uint64_t stream, std::size_t count) {
    contention::random_source random(1, stream);
    std::vector<std::int64_t> all;
    for (std::size_t i = 0; i < count; ++i)
        all.push_back(static_cast<std::int64_t>(std::exp(random.unit() * 25)));
    return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(percentiles_are_those_of_the_sorted_values) {
    auto values = some_latencies(1, 20'000);
    contention::histogram h;
    for (const auto value : values)
        h.record(value);
    std::sort(values.begin(), values.end());
    for (const double fraction : {0.0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        const auto expected = static_cast<double>(percentile_of_sorted(values, fraction));
        BOOST_TEST(std::abs(static_cast<double>(h.percentile(fraction)) - expected) <=
                   expected * 0.004 + 0.5);
    }
    const contention::summary s = h.summarize();
    BOOST_TEST(s.count == values.size());
    BOOST_TEST(s.max == static_cast<std::uint64_t>(values.back()));
    BOOST_TEST(s.p50 == h.percentile(0.5));
    BOOST_TEST(s.p99_9 == h.percentile(0.999));
}

BOOST_AUTO_TEST_CASE(small_values_are_exact) {
    for (std::int64_t value = 0; value < 256; ++value) {
        contention::histogram h;
        h.record(value);
        h.record(1000); // so that the maximum does not help
        BOOST_TEST(h.percentile(0.5) == static_cast<std::uint64_t>(value));
    }
}

BOOST_AUTO_TEST_CASE(merged_is_as_if_recorded_together) {
    contention::histogram one;
    contention::histogram other;
    contention::histogram together;
    for (const std::uint64_t stream : {1u, 2u})
        for (const auto value : some_latencies(stream, 5000)) {
            (stream == 1 ? one : other).record(value);
            together.record(value);
        }
    one.merge(other);
    const contention::summary a = one.summarize();
    const contention::summary b = together.summarize();
    BOOST_TEST(a.count == b.count);
    BOOST_TEST(a.max == b.max);
    BOOST_TEST(a.p50 == b.p50);
    BOOST_TEST(a.p99 == b.p99);
    BOOST_TEST(std::abs(a.mean - b.mean) < 1e-6 * b.mean);
}

BOOST_AUTO_TEST_CASE(nothing_and_extremes) {
    contention::histogram h;
    BOOST_TEST(h.percentile(0.5) == 0u);
    BOOST_TEST(h.summarize().count == 0u);
    h.record(-5); // a clock that went back counts as no time
    BOOST_TEST(h.percentile(1) == 0u);
    h.record(std::numeric_limits<std::int64_t>::max());
    BOOST_TEST(h.summarize().max == static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
}

BOOST_AUTO_TEST_SUITE_END()
