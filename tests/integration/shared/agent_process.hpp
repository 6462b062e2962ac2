#pragma once

#include "child_process.hpp"

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace colock_test {

/// A process with a provider of its own that locks on command, see agent.cpp.
class agent_process {
public:
    explicit agent_process(const std::string& url);

    /// Starts a call, for example `lock key 1000 -1`, and gives its id.
    std::string call(const std::string& what);
    void cancel(const std::string& id);

    /// The next thing it says about a call, in words without the id. Waits for it, unless `patience` is zero.
    std::optional<std::vector<std::string>>
    answer(const std::string& id, std::chrono::milliseconds patience = std::chrono::seconds(20));
    /// The same, which must begin with this word; gives the second one. \throws std::runtime_error
    std::string expect(const std::string& id, const std::string& word);

    void stop() { process_.stop(); }
    void resume() { process_.resume(); }
    void kill() { process_.kill(); }

private:
    child_process process_;
    int last_id_ = 0;
    std::deque<std::vector<std::string>> said_; ///< about other calls
};

} // namespace colock_test
