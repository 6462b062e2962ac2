#pragma once

#include <cstddef>
#include <vector>

namespace colock_test {

/// What the rules leave open, decided one way after the other: a run asks pick() at each open point, and
/// next() turns to the next combination of answers, until all have been tried.
class choices {
public:
    /// 0 … alternatives-1; at first always 0.
    std::size_t pick(std::size_t alternatives) {
        if (at_ == made_.size())
            made_.push_back({0, alternatives});
        return made_[at_++].picked;
    }

    void restart() { at_ = 0; }

    /// False: there are no more.
    bool next() {
        made_.resize(at_);
        while (!made_.empty() && made_.back().picked + 1 == made_.back().alternatives)
            made_.pop_back();
        if (made_.empty())
            return false;
        ++made_.back().picked;
        return true;
    }

private:
    struct choice {
        std::size_t picked;
        std::size_t alternatives;
    };
    std::vector<choice> made_;
    std::size_t at_ = 0;
};

} // namespace colock_test
