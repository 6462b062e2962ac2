#include "temporary_folder.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include <stdlib.h>

namespace colock_test {

temporary_folder::temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "colock-XXXXXX").string();
    if (!::mkdtemp(name.data()))
        throw std::system_error(errno, std::generic_category(), "mkdtemp");
    path_ = name;
}

temporary_folder::~temporary_folder() {
    // A child of a server that was killed may still write there.
    std::error_code error;
    for (int tries = 0; tries < 100 && (std::filesystem::remove_all(path_, error), error); ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void temporary_folder::clear() {
    for (const auto& each : std::filesystem::directory_iterator(path_))
        std::filesystem::remove_all(each.path());
}

unsigned short free_port() {
    using boost::asio::ip::tcp;
    boost::asio::io_context io;
    const tcp::acceptor acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    return acceptor.local_endpoint().port();
}

} // namespace colock_test
