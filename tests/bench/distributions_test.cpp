#include "fairness.hpp"
#include "key_chooser.hpp"
#include "pause.hpp"
#include "zipf.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <set>
#include <string>

BOOST_AUTO_TEST_SUITE(distributions)

using namespace contention;
using namespace std::chrono_literals;

namespace {

// Each frequency within five standard deviations of the theory; the seed is fixed.
void check_zipf(std::uint64_t n, double theta) {
    constexpr int draws = 200'000;
    const zipf_distribution zipf(n, theta);
    random_source random(1, n);
    std::vector<int> seen(n);
    for (int i = 0; i < draws; ++i)
        ++seen.at(zipf(random));
    double total = 0;
    for (std::uint64_t rank = 1; rank <= n; ++rank)
        total += std::pow(static_cast<double>(rank), -theta);
    for (std::uint64_t rank = 1; rank <= std::min<std::uint64_t>(n, 50); ++rank) {
        const double p = std::pow(static_cast<double>(rank), -theta) / total;
        const double deviation = std::sqrt(draws * p * (1 - p));
        BOOST_TEST_CONTEXT("n " << n << ", theta " << theta << ", rank " << rank)
        BOOST_TEST(std::abs(seen[rank - 1] - draws * p) <= 5 * deviation + 1);
    }
}

double mean_of(const pause_distribution& pause) {
    random_source random(1, 1);
    double sum = 0;
    for (int i = 0; i < 100'000; ++i)
        sum += static_cast<double>(pause.draw(random).count());
    return sum / 100'000;
}

} // namespace

BOOST_AUTO_TEST_CASE(zipf_frequencies) {
    for (const double theta : {0.0, 0.5, 0.99, 1.0, 1.000001, 2.0, 20.0})
        for (const std::uint64_t n : {1u, 2u, 100u, 1'000'000u})
            check_zipf(n, theta);
}

BOOST_AUTO_TEST_CASE(a_stream_repeats_and_differs_from_others) {
    random_source a(1, 1);
    random_source same(1, 1);
    random_source stream(1, 2);
    random_source seed(2, 1);
    const std::uint64_t first = a.next();
    BOOST_TEST(first == same.next());
    BOOST_TEST(first != stream.next());
    BOOST_TEST(first != seed.next());
}

BOOST_AUTO_TEST_CASE(the_keys_of_a_call_differ) {
    settings s;
    for (const auto distribution : {key_distribution::uniform, key_distribution::zipf}) {
        s.distribution = distribution;
        s.zipf_theta = 20; // hardly ever anything but the first
        s.keys = 6;
        const key_chooser chooser(s);
        random_source random(1, 1);
        std::vector<std::size_t> keys(6);
        for (int i = 0; i < 100; ++i) {
            chooser.choose(random, keys);
            BOOST_TEST(std::set<std::size_t>(keys.begin(), keys.end()).size() == 6u);
            BOOST_TEST(*std::max_element(keys.begin(), keys.end()) == 5u);
        }
    }
}

BOOST_AUTO_TEST_CASE(spans) {
    BOOST_CHECK(parse_span("0") == 0ns);
    BOOST_CHECK(parse_span("17ns") == 17ns);
    BOOST_CHECK(parse_span("50us") == 50us);
    BOOST_CHECK(parse_span("50µs") == 50us);
    BOOST_CHECK(parse_span("1.5ms") == 1500us);
    BOOST_CHECK(parse_span("2s") == 2s);
    BOOST_CHECK(parse_span("3min") == 3min);
    BOOST_CHECK(parse_span("1h") == 1h);
    for (const char* bad :
         {"", "5", "ms", "-1s", "1 s", "1e3s", "1s2", "nan", "infs", "0.1ns", "9999999999h", "0x5s"})
        BOOST_TEST_CONTEXT(bad)
    BOOST_CHECK_THROW((void)parse_span(bad), std::invalid_argument);
    for (const auto span :
         {nanoseconds(0), nanoseconds(1), nanoseconds(50us), nanoseconds(1500us), nanoseconds(2s)})
        BOOST_CHECK(parse_span(to_text(span)) == span);
    BOOST_TEST(to_text(nanoseconds::max()) == "forever");
    BOOST_TEST(rounded(999) == "999 ns");
    BOOST_TEST(rounded(1254) == "1.25 us");
    BOOST_TEST(rounded(99'960) == "100 us");
    BOOST_TEST(rounded(12'340'000) == "12.3 ms");
}

BOOST_AUTO_TEST_CASE(pauses) {
    for (const char* text : {"0", "yield", "50us", "uniform:1ms..5ms", "exp:1ms"})
        BOOST_TEST(pause_distribution::parse(text).text() == text);
    BOOST_TEST(!pause_distribution::parse("0").suspends());
    BOOST_TEST(!pause_distribution::parse("yield").sleeps());
    BOOST_TEST(mean_of(pause_distribution::parse("50us")) == 50e3);
    BOOST_TEST(std::abs(mean_of(pause_distribution::parse("uniform:1ms..5ms")) - 3e6) < 3e4);
    BOOST_TEST(std::abs(mean_of(pause_distribution::parse("exp:1ms")) - 1e6) < 2e4);
    BOOST_CHECK(pause_distribution::parse("uniform:1ms..5ms").longest() == 5ms);
    for (const char* bad :
         {"", "-", "1", "gauss:1ms", "exp", "exp:", "exp:0", "uniform:1ms", "uniform:5ms..1ms",
          "uniform:1ms..", "uniform:0..0", "exp:-1ms", "yield:1", "exp:300h"})
        BOOST_TEST_CONTEXT(bad)
    BOOST_CHECK_THROW((void)pause_distribution::parse(bad), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(jain) {
    const auto of = [](std::vector<std::uint64_t> shares) { return jain_index(shares); };
    BOOST_TEST(of({5, 5, 5, 5}) == 1);
    BOOST_TEST(of({7, 0, 0, 0}) == 0.25);
    BOOST_TEST(of({1, 3}) == 0.8);
    BOOST_TEST(of({0, 0}) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
