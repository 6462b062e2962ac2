// A data race, in a function that the suppressions name, or with any argument in one that they do not. Shows
// that the thread sanitizer reports and that its suppressions work (without llvm-symbolizer they silently do
// nothing).
#include <thread>

namespace {

int value = 0;

[[gnu::noinline]] void shared_target_executor_check() {
    ++value;
}

[[gnu::noinline]] void race() {
    ++value;
}

} // namespace

int main(int argc, char**) {
    std::thread other(argc > 1 ? &race : &shared_target_executor_check);
    (argc > 1 ? &race : &shared_target_executor_check)();
    other.join();
}
