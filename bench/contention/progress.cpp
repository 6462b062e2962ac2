#include "progress.hpp"

#include "number_text.hpp"

#include <algorithm>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace contention {

void progress_line::show(const settings& what, nanoseconds elapsed, std::uint64_t operations) {
    if (!terminal_)
        return;
    const double seconds = std::chrono::duration<double>(elapsed).count();
    std::ostringstream line;
    line << std::fixed << std::setprecision(1);
    if (what.duration > nanoseconds::zero())
        line << std::max(0.0, std::chrono::duration<double>(what.duration).count() - seconds) << " s left, ";
    if (what.operations != 0)
        line << 100 * std::min(1.0, static_cast<double>(operations) / static_cast<double>(what.operations))
             << " % done, ";
    line << grouped(static_cast<std::uint64_t>(seconds > 0 ? static_cast<double>(operations) / seconds : 0))
         << " operations/s";
    *terminal_ << "\r\033[K" << line.str() << std::flush;
}

void progress_line::clear() {
    if (terminal_)
        *terminal_ << "\r\033[K" << std::flush;
}

} // namespace contention
