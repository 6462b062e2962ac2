#include "redis/check.hpp"

#include "remote/engine.hpp"

#include <charconv>

namespace colock::redis {
namespace {

// A line of INFO: "name:value".
std::string_view field(std::string_view info, std::string_view name) {
    for (std::size_t at = 0; (at = info.find(name, at)) != std::string_view::npos; at += name.size()) {
        const std::size_t colon = at + name.size();
        if ((at == 0 || info[at - 1] == '\n') && colon < info.size() && info[colon] == ':')
            return info.substr(colon + 1, info.find_first_of("\r\n", colon) - colon - 1);
    }
    return {};
}

int number(std::string_view text) {
    int result = 0;
    std::from_chars(text.data(), text.data() + text.size(), result);
    return result;
}

// Valkey says which version of Redis it is like, too; so it need not be told apart.
bool is_too_old(std::string_view version) {
    const int major = number(version);
    const auto dot = version.find('.');
    const int minor = dot == std::string_view::npos ? 0 : number(version.substr(dot + 1));
    return major < 6 || (major == 6 && minor < 2);
}

asio::awaitable<std::vector<std::string>> ask(std::shared_ptr<remote::engine> home,
                                              std::vector<std::string> words) {
    const auto question = home->make_errand(remote::question_step{std::move(words)});
    remote::reply answer = co_await home->carry_out(question);
    co_return std::move(answer.words);
}

asio::awaitable<std::optional<std::string>> ask_setting(std::shared_ptr<remote::engine> home,
                                                        std::string name) {
    std::vector<std::string> words;
    for (const char* const word : {"CONFIG", "GET"})
        words.emplace_back(word);
    words.push_back(std::move(name));
    try {
        const std::vector<std::string> answer = co_await ask(home, std::move(words));
        if (answer.size() == 3) // the answer's own text, the name and the value
            co_return answer[2];
    } catch (const lock_error&) { // it may not be asked, or not any more: what was found before counts
    }
    co_return std::nullopt;
}

} // namespace

redis_report judge(const server_facts& facts) {
    redis_report report;
    const std::string_view info = facts.info;
    report.version = field(info, "redis_version");
    const auto warn = [&](std::string text) { report.warnings.push_back(std::move(text)); };
    if (is_too_old(report.version))
        warn("the server is too old: version " + report.version + ", but 6.2 is needed");
    if (field(info, "role") == "slave")
        warn("the server is a replica: it takes no locks, or forgets them");
    else if (number(field(info, "connected_slaves")) != 0)
        warn("the server has replicas: one that is promoted may not know of the last grants, and grant them "
             "again");
    const std::string_view policy = field(info, "maxmemory_policy");
    if (policy.empty())
        warn("the server does not tell its eviction policy, which may drop locks");
    else if (policy.starts_with("allkeys"))
        warn("the eviction policy " + std::string(policy) + " may drop locks");
    else if (policy.starts_with("volatile")) // queues, and what is remembered of calls that gave up, expire
        warn("the eviction policy " + std::string(policy) + " may drop the queues of those who wait");
    if (field(info, "aof_enabled") == "1") {
        if (!facts.appendfsync)
            warn("the server does not tell how often it forces its log to the disk: a crash may forget the "
                 "last grants");
        else if (*facts.appendfsync != "always")
            warn("with appendfsync " + *facts.appendfsync + " a crash may forget the last grants");
    } else if (!facts.save) {
        warn("the server does not tell whether it writes snapshots, and has no log: a restart may forget all "
             "locks");
    } else if (facts.save->empty()) {
        warn("there is no persistence: a restart forgets all locks");
    } else {
        warn("there are only snapshots: a crash forgets the locks since the last one");
    }
    return report;
}

asio::awaitable<redis_report> check(std::shared_ptr<remote::engine> home) {
    std::vector<std::string> words;
    words.emplace_back("INFO");
    const std::vector<std::string> info = co_await ask(home, std::move(words));
    server_facts facts;
    facts.info = info.at(0);
    facts.save = co_await ask_setting(home, "save");
    facts.appendfsync = co_await ask_setting(home, "appendfsync");
    co_return judge(facts);
}

} // namespace colock::redis
