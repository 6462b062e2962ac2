#include "network_stage.hpp"

#include <atomic>

namespace colock_test {
namespace {

std::string new_name_space() {
    static std::atomic<int> count{0};
    return "test-" + std::to_string(++count);
}

} // namespace

network_stage::network_stage(backend behind, const std::string& query)
    : behind_(std::move(behind)), name_space_(new_name_space()),
      query_("namespace=" + name_space_ + (query.empty() ? "" : '&' + query)),
      proxy(behind_.port, behind_.spoken), who_{.name = behind_.name,
                                                .make =
                                                    [this](const boost::asio::any_io_executor& executor,
                                                           const colock::conformance::case_setup&) {
                                                        return colock::make_provider(executor,
                                                                                     url_of(proxy.port()));
                                                    },
                                                .lacks = {},
                                                .unit = 50ms,
                                                .precision = 1ms},
      s(who_, name_space_) {}

std::string network_stage::url_of(std::uint16_t port) const {
    return behind_.url(port, query_);
}

std::unique_ptr<colock::locking_service> network_stage::straight() {
    auto made = std::make_unique<colock::locking_service>(s.io.get_executor());
    made->add_provider("straight", colock::make_provider(s.io.get_executor(), url()));
    return made;
}

std::vector<std::string> network_stage::until_said(agent_process& who, const std::string& call) {
    std::optional<std::vector<std::string>> said;
    s.until(
        [&] {
            said = who.answer(call, 0ms);
            return said.has_value();
        },
        "another process said something");
    return *said;
}

} // namespace colock_test
