#include "process_tree.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace colock_test {
namespace {

struct process_state {
    char letter = ' '; ///< T: stopped; a blank: it is gone
    pid_t parent = 0;
};

process_state state_of(pid_t id) {
    std::ifstream file("/proc/" + std::to_string(id) + "/stat");
    std::string text;
    std::getline(file, text);
    process_state state;
    // "id (name) letter parent ...", with any characters in the name
    if (const auto end = text.rfind(')'); end != std::string::npos && end + 4 < text.size()) {
        state.letter = text[end + 2];
        state.parent = std::stoi(text.substr(end + 4));
    }
    return state;
}

std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> children;
    for (const auto& each : std::filesystem::directory_iterator("/proc")) {
        const auto name = each.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos)
            continue;
        const pid_t id = std::stoi(name);
        if (state_of(id).parent == parent)
            children.push_back(id);
    }
    return children;
}

} // namespace

stopped_tree::stopped_tree(child_process& root) : root_(root) {
    root.stop(); // so that no more children come
    children_ = children_of(root.id());
    std::string all = std::to_string(root.id());
    for (const pid_t id : children_) {
        ::kill(id, SIGSTOP);
        // Who is no child of ours tells nobody. Some have ended, of which their parent has not heard yet.
        for (auto now = state_of(id); now.parent == root.id() && now.letter != 'T' && now.letter != 'Z';
             now = state_of(id))
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        all += ' ' + std::to_string(id);
    }
    // It ends at a line; at the end of its input, which comes when we die, it kills them. The process in the
    // background is not killed with us, as it is no child of ours.
    guard_.emplace(
        std::vector<std::string>{"sh", "-c",
                                 "exec 3<&0; (read line <&3 || kill -KILL " + all + ") & echo; wait"},
        child_process::talk::lines);
    guard_->receive();
}

stopped_tree::~stopped_tree() {
    for (const pid_t id : children_)
        ::kill(id, SIGCONT);
    try {
        root_.resume();
        guard_->send("");
        guard_->wait();
    } catch (const std::exception&) { // it was killed while it was stopped
    }
}

} // namespace colock_test
