#include "ledger.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace abuse {
namespace {

/// In the file, one line each: what, who, token, text.
enum what : char {
    wants = 'w',
    has = 'W',
    has_not = 'n',
    returns = 'r',
    has_returned = 'R',
    has_not_returned = 'k',
    complains = '!'
};

struct event {
    std::uint64_t token = 0;
    unsigned visitor = 0;
    bool sale = false;
};

/// Replays what was answered, and draws on what was not where something is missing.
class replay {
public:
    replay(std::map<unsigned, std::size_t> purchases, std::map<unsigned, std::size_t> returns,
           ledger_verdict& verdict)
        : purchases_(std::move(purchases)), returns_(std::move(returns)), verdict_(verdict) {}

    void step(const event& next) {
        if (next.token == last_token_)
            breach(next, "has the token of another");
        last_token_ = next.token;
        if (next.sale) {
            if (owner_)
                must_have_returned(*owner_, next);
            owner_ = next.visitor;
            return;
        }
        if (owner_ != next.visitor) {
            if (owner_)
                must_have_returned(*owner_, next);
            if (!draw(purchases_, next.visitor))
                breach(next, "was not its to give back");
        }
        owner_.reset();
    }

private:
    bool draw(std::map<unsigned, std::size_t>& from, unsigned visitor) {
        const auto found = from.find(visitor);
        if (found == from.end() || found->second == 0)
            return false;
        --found->second;
        ++verdict_.hidden;
        return true;
    }

    void must_have_returned(unsigned who, const event& next) {
        if (!draw(returns_, who))
            breach(next, "came while the seat was that of visitor " + std::to_string(who));
    }

    void breach(const event& at, const std::string& why) {
        verdict_.breaches.push_back(std::string(at.sale ? "the sale to" : "the return by") + " visitor " +
                                    std::to_string(at.visitor) + " with token " + std::to_string(at.token) +
                                    ' ' + why);
    }

    std::map<unsigned, std::size_t> purchases_; // unanswered ones, by visitor
    std::map<unsigned, std::size_t> returns_;
    ledger_verdict& verdict_;
    std::optional<unsigned> owner_;
    std::uint64_t last_token_ = 0;
};

} // namespace

ledger_writer::ledger_writer(const std::string& file)
    : file_(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
    if (file_ < 0)
        throw std::system_error(errno, std::system_category(), file);
}

ledger_writer::~ledger_writer() {
    close(file_);
}

void ledger_writer::wants(unsigned visitor) {
    write(what::wants, visitor);
}
void ledger_writer::has(unsigned visitor, std::uint64_t token) {
    write(what::has, visitor, token);
}
void ledger_writer::has_not(unsigned visitor) {
    write(what::has_not, visitor);
}
void ledger_writer::returns(unsigned visitor) {
    write(what::returns, visitor);
}
void ledger_writer::has_returned(unsigned visitor, std::uint64_t token) {
    write(what::has_returned, visitor, token);
}
void ledger_writer::has_not_returned(unsigned visitor, const std::string& why) {
    write(what::has_not_returned, visitor, 0, why);
}
void ledger_writer::complains(unsigned visitor, const std::string& of) {
    write(what::complains, visitor, 0, of);
}

void ledger_writer::write(char what, unsigned visitor, std::uint64_t token, const std::string& text) {
    const std::string line = std::string(1, what) + ' ' + std::to_string(visitor) + ' ' +
                             std::to_string(token) + ' ' + text + '\n';
    if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        throw std::system_error(errno, std::system_category(), "ledger");
}

ledger_verdict judge(const std::string& file) {
    ledger_verdict verdict;
    std::vector<event> answered;
    std::map<unsigned, std::size_t> purchases; // without an answer, by visitor
    std::map<unsigned, std::size_t> returns;
    std::map<unsigned, int> tries; // to give back what a visitor surely had
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        char kind = 0;
        event read;
        std::string text;
        fields >> kind >> read.visitor >> read.token >> text;
        switch (kind) {
        case what::wants:
            ++purchases[read.visitor];
            break;
        case what::returns:
            ++returns[read.visitor];
            if (const auto sure = tries.find(read.visitor); sure != tries.end() && ++sure->second > 1)
                tries.erase(sure); // an earlier try may have been done, although there was no answer
            break;
        case what::has_not:
            --purchases[read.visitor];
            ++verdict.refused;
            break;
        case what::has_not_returned:
            --returns[read.visitor];
            ++verdict.refused;
            if (text == "not_yours" && tries.erase(read.visitor) != 0)
                verdict.breaches.push_back("visitor " + std::to_string(read.visitor) +
                                           " lost what it had bought");
            break;
        case what::has:
        case what::has_returned:
            read.sale = kind == what::has;
            --(read.sale ? purchases : returns)[read.visitor];
            ++(read.sale ? verdict.sold : verdict.returned);
            tries.erase(read.visitor);
            if (read.sale)
                tries[read.visitor] = 0;
            if (read.token != 0) // a server without locks has none
                answered.push_back(read);
            break;
        default:
            verdict.breaches.push_back(line);
        }
    }
    for (const auto* left : {&purchases, &returns})
        for (const auto& [visitor, count] : *left)
            verdict.unanswered += count;
    std::sort(answered.begin(), answered.end(),
              [](const event& a, const event& b) { return a.token < b.token; });
    replay course(std::move(purchases), std::move(returns), verdict);
    for (const event& next : answered)
        course.step(next);
    return verdict;
}

} // namespace abuse
