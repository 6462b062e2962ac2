#pragma once

#include "pause.hpp"

#include <cstdint>
#include <string>

namespace contention {

enum class key_distribution { one, uniform, zipf };
enum class operation { lock, execute, acquire };
enum class contexts { shared, own };

/// What to run.
struct settings {
    std::string provider = "memory:";
    operation how = operation::lock;
    nanoseconds wait = std::chrono::seconds(5);    ///< nanoseconds::max(): no limit
    nanoseconds expire = std::chrono::seconds(30); ///< nanoseconds::max(): never

    std::uint64_t keys = 16;
    std::string key_prefix = "contention:";
    key_distribution distribution = key_distribution::uniform;
    double zipf_theta = 0.99;
    std::uint64_t keys_per_call = 1;
    double shared = 0; ///< the fraction of calls that are for reading

    std::uint64_t processes = 1; ///< each with what follows
    std::uint64_t coroutines = 64;
    std::uint64_t threads = 1;
    contexts io = contexts::shared;
    pause_distribution hold = pause_distribution::parse("yield");
    pause_distribution think;

    nanoseconds warm_up = std::chrono::milliseconds(200);
    nanoseconds duration = std::chrono::seconds(2); ///< zero: no limit but `operations`
    std::uint64_t operations = 0;                   ///< zero: no limit but `duration`
    std::uint64_t seed = 1;

    // Of one of several processes.
    std::uint64_t process = 0;  ///< its number
    std::int64_t begins_at = 0; ///< when the warm-up begins, by std::chrono::steady_clock; zero: at once
};

/// What to do with it.
struct command {
    settings run;
    std::string help;      ///< if not empty, this is all that was asked for
    std::string json_file; ///< `-`: standard output
    bool json = false;
    bool quiet = false;
};

[[nodiscard]] std::string to_text(key_distribution value);
[[nodiscard]] std::string to_text(operation value);
[[nodiscard]] std::string to_text(contexts value);

/// A URL without the user's name and password.
[[nodiscard]] std::string without_secrets(const std::string& url);

} // namespace contention
