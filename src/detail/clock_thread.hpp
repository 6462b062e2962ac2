#pragma once

#include <csignal>
#include <thread>
#include <utility>

namespace colock::detail {

/// A thread that takes none of the user's signals: they are for the user's threads.
template<class Function>
std::thread thread_without_signals(Function function) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread(std::move(function));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

} // namespace colock::detail
