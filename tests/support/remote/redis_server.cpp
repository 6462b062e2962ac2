#include "redis_server.hpp"

#include <hiredis/hiredis.h>

#include <sstream>
#include <stdexcept>
#include <thread>

namespace colock_test {
namespace {

using namespace std::chrono_literals;

redis_reply convert(const redisReply& from) {
    using kind = redis_reply::kind;
    redis_reply reply;
    switch (from.type) {
    case REDIS_REPLY_INTEGER:
        reply.what = kind::number;
        reply.number = from.integer;
        break;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
        reply.what = kind::text;
        reply.text.assign(from.str, static_cast<std::size_t>(from.len));
        break;
    case REDIS_REPLY_ERROR:
        reply.what = kind::error;
        reply.text.assign(from.str, static_cast<std::size_t>(from.len));
        break;
    case REDIS_REPLY_ARRAY:
        reply.what = kind::list;
        for (std::size_t i = 0; i < from.elements; ++i)
            reply.list.push_back(convert(*from.element[i]));
        break;
    default:
        break;
    }
    return reply;
}

} // namespace

void redis_client::closer::operator()(redisContext* context) const noexcept {
    redisFree(context);
}

redis_client::redis_client(std::uint16_t port) {
    const timeval patience{10, 0};
    context_.reset(redisConnectWithTimeout("127.0.0.1", port, patience));
    if (!context_ || context_->err != 0)
        throw std::runtime_error(std::string("cannot connect to Redis: ") +
                                 (context_ ? context_->errstr : "no memory"));
    redisSetTimeout(context_.get(), patience);
}

redis_reply redis_client::command(const std::vector<std::string>& words) {
    std::vector<const char*> argv;
    std::vector<std::size_t> lengths;
    for (const auto& word : words) {
        argv.push_back(word.data());
        lengths.push_back(word.size());
    }
    const std::unique_ptr<void, void (*)(void*)> answer(
        redisCommandArgv(context_.get(), static_cast<int>(argv.size()), argv.data(), lengths.data()),
        freeReplyObject);
    if (!answer)
        throw std::runtime_error("no answer from Redis: " + std::string(context_->errstr));
    auto reply = convert(*static_cast<const redisReply*>(answer.get()));
    if (reply.what == redis_reply::kind::error)
        throw std::runtime_error("Redis says: " + reply.text);
    return reply;
}

std::vector<std::string> redis_client::keys() {
    std::vector<std::string> all;
    for (const auto& each : command({"KEYS", "*"}).list)
        all.push_back(each.text);
    return all;
}

std::vector<std::string> redis_client::clients(bool subscribed) {
    const auto own = std::to_string(number({"CLIENT", "ID"}));
    std::istringstream lines(command({"CLIENT", "LIST"}).text);
    std::vector<std::string> ids;
    for (std::string line; std::getline(lines, line);) {
        const auto field = [&](const std::string& name) {
            const auto at = line.find(' ' + name + '=');
            const auto from = line.starts_with(name + '=') ? name.size() + 1 : at + name.size() + 2;
            return line.substr(from, line.find(' ', from) - from);
        };
        const bool listens = field("sub") != "0" || field("psub") != "0";
        if (field("id") != own && listens == subscribed)
            ids.push_back(field("id"));
    }
    return ids;
}

long long redis_client::commands_processed() {
    const auto info = command({"INFO", "stats"}).text;
    const std::string name = "total_commands_processed:";
    return std::stoll(info.substr(info.find(name) + name.size()));
}

redis_server::redis_server(redis_server_options options) : options_(std::move(options)) {
    // Somebody else may take a port between our finding it and the server's.
    for (int i = 0; i < 10; ++i) {
        port_ = free_port();
        if (try_start())
            return;
    }
    throw std::runtime_error("cannot start redis-server");
}

bool redis_server::try_start() {
    std::vector<std::string> arguments{"redis-server",
                                       "--port",
                                       std::to_string(port_),
                                       "--bind",
                                       "127.0.0.1",
                                       "--dir",
                                       folder(),
                                       "--save",
                                       "",
                                       "--appendonly",
                                       options_.append_only ? "yes" : "no",
                                       "--appendfsync",
                                       "always",
                                       "--daemonize",
                                       "no"};
    if (!options_.password.empty()) {
        arguments.emplace_back("--requirepass");
        arguments.push_back(options_.password);
    }
    for (const auto& each : options_.more)
        arguments.push_back(each == redis_server_options::another_port ? std::to_string(free_port()) : each);
    process_.reset();
    process_.emplace(std::move(arguments), child_process::talk::none, folder() + "/log");
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (process_->running() && std::chrono::steady_clock::now() < end) {
        try {
            auto client = connect();
            if (!options_.password.empty())
                client.command({"AUTH", options_.password});
            client.command({"PING"});
            // Another server may sit on the port that we found free.
            if (client.command({"INFO", "server"})
                    .text.find("process_id:" + std::to_string(process_->id()) + "\r") != std::string::npos)
                return true;
        } catch (const std::runtime_error&) {
        }
        std::this_thread::sleep_for(3ms); // a server has no other way to say that it is ready
    }
    process_.reset();
    return false;
}

std::string redis_server::url_of(std::uint16_t port, std::string_view query) {
    std::string url = "redis://127.0.0.1:" + std::to_string(port) + "/0";
    if (!query.empty())
        url.append("?").append(query);
    return url;
}

std::string redis_server::url(std::string_view query) const {
    return url_of(port_, query);
}

void redis_server::kill() {
    process_->kill();
}

void redis_server::start() {
    for (int i = 0; i < 10; ++i)
        if (try_start())
            return;
    throw std::runtime_error("cannot start redis-server again");
}

} // namespace colock_test
