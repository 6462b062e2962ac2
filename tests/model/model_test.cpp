#include "driver.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(model_of_the_memory_provider)

using namespace colock_test;

// Rules K1, K4, O1-O5, W1-W5, L1, T1, Z1 in combination. COLOCK_SEED runs one seed and prints its steps,
// COLOCK_SEEDS says how many to run.
BOOST_AUTO_TEST_CASE(O3_W1_random_steps_end_as_in_a_sequential_model) {
    const auto one = environment_number("COLOCK_SEED");
    const std::uint64_t first = one.value_or(1);
    const std::uint64_t count =
        one ? 1 : environment_number("COLOCK_SEEDS").value_or(sanitized ? 500 : 10000);
    std::size_t steps = 0;
    std::size_t late = 0;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        driver d(seed, one.has_value());
        try {
            d.run(60);
        } catch (const mismatch& e) {
            BOOST_FAIL(e.what());
        }
        steps += d.steps_taken();
        late += d.late_cancellations();
    }
    BOOST_TEST_MESSAGE(count << " seeds from " << first << ", " << steps << " steps, " << late
                             << " grants cancelled before they were told");
    BOOST_CHECK(one || late > 0);
}

BOOST_AUTO_TEST_SUITE_END()
