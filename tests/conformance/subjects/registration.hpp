#pragma once

#include <colock/conformance.hpp>

namespace colock_test {

/// Makes each case of the suite a test of its own, in a test suite named like the subject. For a variable at
/// namespace scope.
class registered {
public:
    explicit registered(colock::conformance::subject who);
};

/// Whether data races end the program.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool races_are_fatal = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool races_are_fatal = true;
#else
inline constexpr bool races_are_fatal = false;
#endif
#else
inline constexpr bool races_are_fatal = false;
#endif

/// How much longer things may take under a sanitizer.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr int slowness = 3;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
inline constexpr int slowness = 3;
#else
inline constexpr int slowness = 1;
#endif
#else
inline constexpr int slowness = 1;
#endif

} // namespace colock_test
