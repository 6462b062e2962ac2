#pragma once

#include "child_process.hpp"

#include <optional>
#include <vector>

namespace colock_test {

/// A process and its children, stopped as one. They die with this process also while they are stopped, when
/// no other signal than SIGKILL would end them.
class stopped_tree {
public:
    explicit stopped_tree(child_process& root);
    stopped_tree(const stopped_tree&) = delete;
    stopped_tree& operator=(const stopped_tree&) = delete;
    ~stopped_tree(); ///< they go on

private:
    child_process& root_;
    std::vector<pid_t> children_;
    std::optional<child_process> guard_;
};

} // namespace colock_test
