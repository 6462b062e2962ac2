#pragma once

#include <colock/colock.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace colock_test {

/// What threads found to be wrong: Boost.Test's checks are not for several threads.
class findings {
public:
    void add(const std::string& what);
    void expect(bool condition, const char* what) {
        if (!condition)
            add(what);
    }
    void report() const; ///< to Boost.Test, on the main thread

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::size_t> counts_;
};

/// What a key protects: it knows who uses it, and notices whoever ought not to.
class resource {
public:
    void enter(colock::lock_mode mode, std::uint64_t token, findings& found);
    void leave(colock::lock_mode mode);

private:
    std::atomic<int> writers_{0};
    std::atomic<int> readers_{0};
    std::uint64_t last_writer_ = 0; // its token; only the lock guards it
};

/// Use of the resources of some keys, as long as it lives.
class usage {
public:
    using resources = std::map<std::string, resource, std::less<>>;

    usage(resources& of, const colock::key_set& keys, colock::lock_mode mode, std::uint64_t token,
          findings& found);
    usage(const usage&) = delete;
    usage& operator=(const usage&) = delete;
    ~usage();

private:
    std::vector<resource*> used_;
    colock::lock_mode mode_;
};

} // namespace colock_test
