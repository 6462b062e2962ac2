#include "key_chooser.hpp"

#include <algorithm>

namespace contention {

key_chooser::key_chooser(const settings& what) noexcept
    : distribution_(what.distribution), keys_(what.keys), zipf_(what.keys, what.zipf_theta) {}

std::size_t key_chooser::one(random_source& random) const {
    switch (distribution_) {
    case key_distribution::one:
        return 0;
    case key_distribution::uniform:
        return random.below(keys_);
    case key_distribution::zipf:
        return zipf_(random);
    }
    return 0;
}

void key_chooser::choose(random_source& random, std::vector<std::size_t>& to) const {
    constexpr int patience = 100; // a steep distribution hardly ever gives anything but its first few
    for (auto place = to.begin(); place != to.end(); ++place) {
        int draws = 0;
        do {
            *place = draws++ < patience ? one(random) : (*place + 1) % keys_;
        } while (std::find(to.begin(), place, *place) != place);
    }
}

} // namespace contention
