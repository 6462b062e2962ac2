#include "cross_check.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace contention {
namespace {

struct entry {
    const logged_grant* of;
    std::uint32_t process;
};

/// What let a call in: the last release among its keys.
struct freeing {
    moment at = 0;
    std::uint32_t process = 0;
    bool overtook = false;
};
using freeings = std::vector<std::vector<freeing>>; // by process and call

class key_course {
public:
    key_course(cross_findings& to, freeings& freed, std::string name)
        : to_(to), freed_(freed), name_(std::move(name)) {}

    /// The grants of the key, by token.
    void check(const entry* begin, const entry* end) {
        for (const entry* at = begin; at != end; ++at)
            enter(*at);
        moment writer_called = std::numeric_limits<moment>::max();
        moment reader_called = writer_called;
        for (const entry* at = end; at != begin;) {
            const logged_grant& grant = *(--at)->of;
            const bool exclusive = grant.mode == lock_mode::exclusive;
            const moment earliest = exclusive ? std::min(writer_called, reader_called) : writer_called;
            if (earliest < grant.called - order_slack)
                freed_of(*at).overtook = true;
            moment& called = exclusive ? writer_called : reader_called;
            called = std::min(called, grant.called);
        }
    }

private:
    freeing& freed_of(const entry& e) { return freed_[e.process][e.of->call]; }

    void enter(const entry& now) {
        const bool exclusive = now.of->mode == lock_mode::exclusive;
        compare(now, last_writer_);
        if (exclusive)
            compare(now, last_reader_);
        entry& last = exclusive ? last_writer_ : last_reader_;
        if (!last.of || last.of->released < now.of->released)
            last = now;
    }

    // `earlier`: the last to release, of those with smaller tokens that exclude it.
    void compare(const entry& now, const entry& earlier) {
        if (!earlier.of)
            return;
        const bool same_token = earlier.of->token == now.of->token;
        if (same_token || earlier.of->granted >= now.of->released) {
            ++to_.token_regressions;
            note(now, earlier, same_token ? " with the same token as " : " with a greater token before ");
        } else if (earlier.of->released > now.of->granted) {
            ++to_.overlaps;
            note(now, earlier, " while it was still held by ");
        }
        freeing& freed = freed_of(now);
        if (earlier.of->released > freed.at) {
            freed.at = earlier.of->released;
            freed.process = earlier.process;
        }
    }

    void note(const entry& now, const entry& earlier, const char* how) {
        if (to_.first_breach.empty())
            to_.first_breach = "key \"" + name_ + "\" was granted to process " + std::to_string(now.process) +
                               " (token " + std::to_string(now.of->token) + ')' + how + "process " +
                               std::to_string(earlier.process) + " (token " +
                               std::to_string(earlier.of->token) + ')';
    }

    cross_findings& to_;
    freeings& freed_;
    const std::string name_;
    entry last_writer_{};
    entry last_reader_{};
};

void count(const logged_grant& grant, std::uint32_t process, std::uint64_t coroutines, const freeing& freed,
           cross_findings& to) {
    if (!grant.first || !grant.counted)
        return;
    ++to.shares[process * coroutines + grant.coroutine];
    ++to.process_shares[process];
    to.wait.record(grant.granted - grant.called);
    to.hold.record(grant.done - grant.granted);
    to.inversions += freed.overtook;
    if (freed.at <= grant.called)
        return; // nobody had to go first
    to.hand_off.record(grant.granted - freed.at);
    if (freed.process != process)
        to.hand_off_across.record(grant.granted - freed.at);
}

} // namespace

cross_findings check_across(const std::vector<grant_log>& processes, std::uint64_t coroutines,
                            std::string_view key_prefix) {
    cross_findings found;
    found.shares.resize(processes.size() * coroutines);
    found.process_shares.resize(processes.size());
    freeings freed(processes.size());
    std::vector<entry> all;
    for (std::uint32_t process = 0; process < processes.size(); ++process)
        for (const logged_grant& grant : processes[process]) {
            all.push_back({&grant, process});
            if (freed[process].size() <= grant.call)
                freed[process].resize(grant.call + 1);
        }
    std::sort(all.begin(), all.end(), [](const entry& a, const entry& b) {
        return std::tie(a.of->key, a.of->token, a.of->granted) <
               std::tie(b.of->key, b.of->token, b.of->granted);
    });
    for (std::size_t begin = 0, end = 0; begin != all.size(); begin = end) {
        while (end != all.size() && all[end].of->key == all[begin].of->key)
            ++end;
        key_course(found, freed, std::string(key_prefix) + std::to_string(all[begin].of->key))
            .check(all.data() + begin, all.data() + end);
    }
    for (std::uint32_t process = 0; process < processes.size(); ++process)
        for (const logged_grant& grant : processes[process])
            count(grant, process, coroutines, freed[process][grant.call], found);
    return found;
}

} // namespace contention
