#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace abuse {

/// What visitors, in any number of processes, say of one seat: before each request and after its answer. It
/// is a file to which all append, so what a killed process had written stays.
///
/// A request that was not answered may have been done or not. All that was answered must fit together with
/// some of those: in the order of the tokens, the seat is sold only when it was free, and given back only by
/// whom it was sold to. And whoever surely has it can give it back, tokens or not.
class ledger_writer {
public:
    /// \throws std::system_error
    explicit ledger_writer(const std::string& file);
    ~ledger_writer();
    ledger_writer(const ledger_writer&) = delete;
    ledger_writer& operator=(const ledger_writer&) = delete;

    void wants(unsigned visitor);                    ///< asks to buy
    void has(unsigned visitor, std::uint64_t token); ///< bought
    void has_not(unsigned visitor);                  ///< was refused
    void returns(unsigned visitor);                  ///< asks to give back
    void has_returned(unsigned visitor, std::uint64_t token);
    void has_not_returned(unsigned visitor, const std::string& why); ///< the error's code
    void complains(unsigned visitor, const std::string& of);         ///< of an answer that should not be

private:
    void write(char what, unsigned visitor, std::uint64_t token = 0, const std::string& text = {});

    int file_;
};

/// What a ledger comes to.
struct ledger_verdict {
    std::size_t sold = 0;
    std::size_t returned = 0;
    std::size_t refused = 0;
    std::size_t unanswered = 0; ///< requests
    std::size_t hidden = 0;     ///< of those, how many must have been done
    std::vector<std::string> breaches;
};
[[nodiscard]] ledger_verdict judge(const std::string& file);

} // namespace abuse
