#include "command_line.hpp"

#include <colock/key_set.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <charconv>
#include <cmath>
#include <functional>

namespace contention {
namespace {

constexpr const char* about = "Runs coroutines that take, hold and release locks by key, on any provider of "
                              "colock, and reports throughput,\n"
                              "latencies and fairness. While it runs, it checks that no two holders overlap "
                              "and that fencing tokens grow.\n";

constexpr const char* explanations = R"(
DURATION is a number with a unit (ns, us, ms, s, min, h): 50us, 1.5ms, 2s. PAUSE is one of
  0                  no suspension at all
  yield              one round through the event loop
  50us               always that long
  uniform:1ms..5ms   any length between the two, equally likely
  exp:1ms            exponential with that mean
A sleep ends when the event loop gets to it, at the earliest at its time.

What is measured, in the window between warm-up and end:
  wait       from the call to the grant
  hold       from the grant until the release was done
  hand-off   from just before a release to the resumption of who had been waiting for it
  Jain       (sum x)^2 / (n sum x^2) of the operations of each coroutine: 1 all the same, 1/n one had all
  granted out of order
             calls granted while another one, which excludes them, had come before for the same key and waited
             still. With several threads, that one has surely come before only if its thread had gone on to
             another coroutine by then, or 100 ms had passed: calls made at the same moment have no order. A
             lock that grants in order shows 0.
  With several processes all of this is taken from what each has noted of its grants, put into the order of their
  tokens. "across" are hand-offs from one process to another; "out of order" then means: granted before a call that
  had come at least 1 ms earlier. Overlaps and tokens are checked across processes as well.
  Coroutines call again only when their last operation has ended: a slow lock is also asked less often.
  Recording an operation costs some 100 to 200 ns; micro compares faster things than that.

Exit code: 0 all went well; 1 an invariant broke; 2 the command line cannot be used; 3 the run failed, for
example because the provider cannot be reached, or no call at all was granted. Ctrl-C ends the run early and reports; a second one kills it.

Examples:
  contention                                           64 coroutines, 16 keys, 1 thread, 2 s
  contention --distribution one --threads 2            one hot key, handed to and fro between two threads
  contention --keys 1000000 --distribution zipf --think exp:1ms --coroutines 5000 --hold 0
  contention --shared 0.9 --hold uniform:50us..200us --wait 10ms      readers, writers and time limits
  contention --keys 100 --keys-per-call 3 --operation execute         several keys, all or nothing
  contention --provider redis://host --keys 1 --processes 2 --coroutines 32      handed from process to process
  contention --operations 100000 --json | python3 -m json.tool        for programs
)";

/// A whole number from `least` to `most`.
std::uint64_t whole_number(const std::string& text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
        throw std::invalid_argument('"' + text + "\" is not a whole number from " + std::to_string(least) +
                                    " to " + std::to_string(most));
    return value;
}

double real_number(const std::string& text, double most) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= most))
        throw std::invalid_argument('"' + text + "\" is not a number from 0 to " +
                                    CLI::detail::to_string(most));
    return value;
}

template<class Enum>
Enum choice(const std::string& text, std::initializer_list<Enum> all) {
    std::string names;
    for (const Enum value : all) {
        if (to_text(value) == text)
            return value;
        names += (names.empty() ? "" : ", ") + to_text(value);
    }
    throw std::invalid_argument('"' + text + "\" is none of " + names);
}

nanoseconds span_or_forever(const std::string& text) {
    return text == "forever" ? nanoseconds::max() : parse_span(text);
}

/// Options whose values are parsed by ours, so that what is wrong is said in one way.
class option_table {
public:
    explicit option_table(CLI::App& app) : app_(app) {}

    void group(std::string name) { group_ = std::move(name); }

    CLI::Option* add(const std::string& name, const std::string& value_and_default,
                     const std::string& description, std::function<void(const std::string&)> take) {
        const auto parse = [name, take = std::move(take)](const std::string& text) {
            try {
                take(text);
            } catch (const std::invalid_argument& error) {
                throw usage_error(name + ": " + error.what());
            }
        };
        return app_.add_option_function<std::string>(name, parse, description)
            ->option_text(value_and_default)
            ->group(group_);
    }

private:
    CLI::App& app_;
    std::string group_;
};

void add_lock_options(option_table& options, settings& to) {
    options.group("The lock");
    options.add("--provider", "URL (memory:)", "what is measured, for example memory:?max_waiters=10",
                [&](const auto& text) { to.provider = text; });
    options.add("--operation", "lock|execute|acquire (lock)",
                "how keys are taken: for a guard, for a job, or for an owner\nand until release()",
                [&](const auto& text) {
                    to.how = choice(text, {operation::lock, operation::execute, operation::acquire});
                });
    options.add("--wait", "DURATION|forever (5s)", "the limit of each wait; 0: do not wait at all",
                [&](const auto& text) { to.wait = span_or_forever(text); });
    options.add("--expire", "DURATION|forever (30s)",
                "length of the leases; guards and jobs on memory: need none", [&](const auto& text) {
                    to.expire = span_or_forever(text);
                    if (to.expire == nanoseconds::zero())
                        throw std::invalid_argument("a lease must have some length");
                });
}

void add_key_options(option_table& options, settings& to) {
    options.group("Keys");
    options.add("--keys", "N (16)", "how many there are",
                [&](const auto& text) { to.keys = whole_number(text, 1, 10'000'000); });
    options.add("--distribution", "one|uniform|zipf (uniform)",
                "which of them a call takes: always the same one, any, or some\nfar more often than others",
                [&](const auto& text) {
                    to.distribution = choice(
                        text, {key_distribution::one, key_distribution::uniform, key_distribution::zipf});
                });
    options.add("--zipf-theta", "X (0.99)", "the r-th key is taken with a probability of about 1 / r^X",
                [&](const auto& text) { to.zipf_theta = real_number(text, 20); });
    options.add("--keys-per-call", "N (1)", "different keys that a call takes, all or none",
                [&](const auto& text) { to.keys_per_call = whole_number(text, 1, 1000); });
    options.add("--shared", "FRACTION (0)", "of the calls, from 0 to 1, that are for reading",
                [&](const auto& text) { to.shared = real_number(text, 1); });
    options.add("--key-prefix", "TEXT (contention:)", "what keys are called, before their number",
                [&](const auto& text) {
                    if (text.size() > colock::max_name_length - 8)
                        throw std::invalid_argument("the keys would be longer than " +
                                                    std::to_string(colock::max_name_length) + " bytes");
                    to.key_prefix = text;
                });
}

void add_load_options(option_table& options, settings& to) {
    options.group("Load");
    options.add("--coroutines", "N (64)", "how many compete",
                [&](const auto& text) { to.coroutines = whole_number(text, 1, 1'000'000); });
    options.add(
        "--processes", "N (1)",
        "that compete, each with so many coroutines and threads; their\ngrants are compared afterwards",
        [&](const auto& text) { to.processes = whole_number(text, 1, 64); });
    options.add("--threads", "N (1)", "that run the coroutines",
                [&](const auto& text) { to.threads = whole_number(text, 1, 1024); });
    options.add("--contexts", "shared|own (shared)", "all threads run one io_context, or each its own",
                [&](const auto& text) {
                    to.io = choice(text, {contexts::shared, contexts::own});
                });
    options.add("--hold", "PAUSE (yield)", "while the keys are held",
                [&](const auto& text) { to.hold = pause_distribution::parse(text); });
    options.add("--think", "PAUSE (0)", "before the next call",
                [&](const auto& text) { to.think = pause_distribution::parse(text); });
}

void add_run_options(option_table& options, settings& to, bool& limited) {
    options.group("The run");
    options.add("--duration", "DURATION (2s)", "how long it is measured", [&](const auto& text) {
        to.duration = parse_span(text);
        if (to.duration == nanoseconds::zero())
            throw std::invalid_argument("there must be some time to measure");
        limited = true;
    });
    options.add("--operations", "N", "ends after so many calls (and after --duration, if given as well)",
                [&](const auto& text) { to.operations = whole_number(text, 1, 1'000'000'000'000); });
    options.add("--warm-up", "DURATION (200ms)", "runs before it is measured",
                [&](const auto& text) { to.warm_up = parse_span(text); });
    options.add("--seed", "N (1)", "the same seed: the same choices of keys, modes and pauses",
                [&](const auto& text) { to.seed = whole_number(text, 0, ~std::uint64_t(0)); });
}

void add_output_options(option_table& options, CLI::App& app, command& to) {
    options.group("Output");
    options
        .add("--json", "[FILE]", "a JSON object instead of the table; into a FILE: besides the table",
             [&](const auto& text) {
                 to.json = true;
                 to.json_file = text.empty() ? "-" : text;
             })
        ->expected(0, 1);
    app.add_flag("--quiet", to.quiet, "no progress, also on a terminal")->group("Output");
}

void check_together(const settings& s) {
    const std::uint64_t reachable = s.distribution == key_distribution::one ? 1 : s.keys;
    if (s.keys_per_call > reachable)
        throw usage_error("--keys-per-call: a call cannot take " + std::to_string(s.keys_per_call) +
                          " different keys of " + std::to_string(reachable));
    if (s.processes > 1 && s.provider.starts_with("memory:"))
        throw usage_error(
            "--processes: memory: is of one process, several would have nothing to compete for");
    if (s.processes > 1 && s.operations != 0 && s.operations < s.processes)
        throw usage_error("--processes: " + std::to_string(s.processes) + " have nothing to do with " +
                          std::to_string(s.operations) + " operations");
    if (s.threads > s.coroutines)
        throw usage_error("--threads: " + std::to_string(s.threads) + " threads have nothing to do with " +
                          std::to_string(s.coroutines) + " coroutines");
    if (s.how == operation::acquire && s.hold.longest() >= s.expire)
        throw usage_error("--hold: may be as long as " +
                          rounded(static_cast<double>(s.hold.longest().count())) +
                          ", but a lock that is acquired ends after --expire " + to_text(s.expire));
}

} // namespace

command parse(std::vector<std::string> arguments) {
    command result;
    bool limited = false;
    CLI::App app(about, "contention");
    app.get_formatter()->column_width(42);
    app.footer(explanations);

    option_table options(app);
    add_lock_options(options, result.run);
    add_key_options(options, result.run);
    add_load_options(options, result.run);
    add_run_options(options, result.run, limited);
    add_output_options(options, app, result);
    app.set_help_flag("-h,--help", "this text")->group("Output");
    app.set_version_flag("--version", "colock contention " COLOCK_VERSION)->group("Output");
    try {
        std::reverse(arguments.begin(), arguments.end()); // CLI11 takes them from the back
        app.parse(arguments);
    } catch (const CLI::CallForHelp&) {
        result.help = app.help();
        return result;
    } catch (const CLI::CallForVersion& version) {
        result.help = std::string(version.what()) + '\n';
        return result;
    } catch (const CLI::ParseError& error) {
        throw usage_error(error.what());
    }
    if (result.run.operations != 0 && !limited)
        result.run.duration = nanoseconds::zero();
    check_together(result.run);
    if (result.run.distribution == key_distribution::one)
        result.run.keys = 1;
    return result;
}

} // namespace contention
