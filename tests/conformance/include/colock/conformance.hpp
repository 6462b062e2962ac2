#pragma once

#include <colock/clock.hpp>
#include <colock/provider.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// The rules of colock as tests that any provider can be put to. They need no test framework and use public
/// headers only: each case makes its own locking_service with the provider that a `subject` makes for it, and
/// runs in real time.
namespace colock::conformance {

/// Parts of the contract that a provider may be without, or that it must promise. Cases that need what the
/// subject lacks are skipped.
enum class feature : unsigned {
    owners = 1,           ///< holds have owners, and can be released by key
    waiting = 2,          ///< calls can queue
    shared = 4,           ///< lock_mode::shared
    expiry = 8,           ///< locks end by themselves, and can be extended
    listing = 16,         ///< provider::list
    notices = 32,         ///< a hold tells of its loss at once, not only when it is released
    statistics = 64,      ///< provider::statistics
    events = 128,         ///< provider::set_observer
    bounded_queues = 256, ///< case_setup::max_waiters
    many_instances = 512, ///< providers made for the same space share their locks
};

/// A set of features.
class features {
public:
    constexpr features(std::initializer_list<feature> all = {}) {
        for (const feature f : all)
            bits_ |= static_cast<unsigned>(f);
    }
    /// Whether the two have one in common.
    [[nodiscard]] constexpr bool meets(features other) const { return (bits_ & other.bits_) != 0; }
    [[nodiscard]] constexpr bool has(feature f) const { return meets({f}); }

private:
    unsigned bits_ = 0;
};

/// For whom a provider is made.
struct case_setup {
    /// A name of its own for each case of each run: letters, digits, `-` and `_`. Use it as the namespace, or
    /// the locks of one case are in the way of another's.
    std::string space;
    /// The limit of one key's queue (rule W5); absent: none. Only with feature::bounded_queues.
    std::optional<std::size_t> max_waiters = {};
};

/// The provider under test.
struct subject {
    std::string name;
    /// Makes one, which does its work on the executor given. Called once a case, or several times with the
    /// same space if there are feature::many_instances; on any thread.
    std::function<std::unique_ptr<provider>(const asio::any_io_executor&, const case_setup&)> make;
    /// What it is without. By default all is expected but what only a provider outside the process can have.
    features lacks = {feature::many_instances};
    /// The short time that cases wait for; a lease is four of them. It must be some times larger than what a
    /// call of the provider takes.
    duration unit = std::chrono::milliseconds(15);
    /// How late the end of a hold or of a wait may be noticed. Three of at most nine times it must be no
    /// more, so that a busy machine does no harm.
    duration slack = std::chrono::milliseconds(10);
    /// How much its clock and ours may differ over a unit, rounding included: nothing may come earlier than
    /// it should by more than that.
    duration precision = duration::zero();
    /// A call that takes longer hangs, and its case has failed.
    duration patience = std::chrono::seconds(20);
};

enum class result : unsigned char { passed, failed, skipped };

struct outcome {
    colock::conformance::result result = colock::conformance::result::passed;
    std::string text; ///< of a failure: what failed where, a line each
};

class scene;

/// One rule, or a part of it. Its name begins with that of the rule.
struct test_case {
    std::string_view name;
    features needs;
    void (*body)(scene&);
};

/// All of them, in no particular order of importance. Each can be run at any time, on any thread.
[[nodiscard]] std::span<const test_case> cases();

/// Runs one.
[[nodiscard]] outcome run(const test_case& which, const subject& who);

/// Runs those whose name begins with `prefix`, and writes a line for each. False: one has failed, or there is
/// none of that name.
bool run_all(const subject& who, std::ostream& out, std::string_view prefix = {});

} // namespace colock::conformance
