#include "pgbouncer.hpp"

#include "service_user.hpp"

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace colock_test {

using namespace std::chrono_literals;

pgbouncer::pgbouncer(const postgres_server& behind, int connections) {
    for (int i = 0; i < 10; ++i) {
        port_ = free_port();
        if (try_start(behind, connections))
            return;
    }
    throw std::runtime_error("cannot start pgbouncer: is the Debian package of that name installed?");
}

bool pgbouncer::try_start(const postgres_server& behind, int connections) {
    const auto path = folder_.path() / "pgbouncer.ini";
    const auto users = folder_.path() / "users";
    std::ofstream(users) << "\"postgres\" \"\"\n";
    std::ofstream(path) << "[databases]\n* = host=127.0.0.1 port=" << behind.port()
                        << "\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " << port_
                        << "\nunix_socket_dir =\nauth_type = trust\nauth_file = " << users.string()
                        << "\npool_mode = transaction\nmax_client_conn = 200\ndefault_pool_size = "
                        << connections << '\n';
    give_to_service_user(path);
    give_to_service_user(users);
    process_.reset();
    process_.emplace(as_service_user({"/usr/sbin/pgbouncer", path.string()}, "KILL"),
                     child_process::talk::none, (folder_.path() / "log").string());
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (process_->running() && std::chrono::steady_clock::now() < end) {
        try {
            // Another process may sit on the port that we found free.
            if (postgres_client(url()).text("SHOW data_directory") == behind.folder() + "/data" &&
                process_->running())
                return true;
        } catch (const postgres_error&) {
        }
        std::this_thread::sleep_for(3ms); // it has no other way to say that it is ready
    }
    process_.reset();
    return false;
}

} // namespace colock_test
