#include "agent_process.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace colock_test {
namespace {

std::vector<std::string> words_of(const std::string& line) {
    std::istringstream from(line);
    std::vector<std::string> words;
    for (std::string word; from >> word;)
        words.push_back(word);
    return words;
}

} // namespace

agent_process::agent_process(const std::string& url)
    : process_({COLOCK_LOCK_AGENT, url}, child_process::talk::lines) {
    if (process_.receive() != "ready")
        throw std::runtime_error("an agent did not start");
}

std::string agent_process::call(const std::string& what) {
    std::string id = std::to_string(++last_id_);
    process_.send(id + ' ' + what);
    return id;
}

void agent_process::cancel(const std::string& id) {
    call("cancel " + id);
}

std::optional<std::vector<std::string>> agent_process::answer(const std::string& id,
                                                              std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (;;) {
        const auto found =
            std::find_if(said_.begin(), said_.end(), [&](const auto& words) { return words.front() == id; });
        if (found != said_.end()) {
            std::vector<std::string> rest(found->begin() + 1, found->end());
            said_.erase(found);
            return rest;
        }
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        auto line = process_.receive(std::max(left, std::chrono::milliseconds(0)));
        if (!line)
            return std::nullopt;
        said_.push_back(words_of(*line));
    }
}

std::string agent_process::expect(const std::string& id, const std::string& word) {
    const auto said = answer(id);
    if (!said || said->empty() || said->front() != word) {
        std::string text = "an agent should have said \"" + word + "\", but said";
        for (const auto& each : said.value_or(std::vector<std::string>{"nothing"}))
            text += ' ' + each;
        throw std::runtime_error(text);
    }
    return said->size() > 1 ? said->at(1) : std::string();
}

} // namespace colock_test
