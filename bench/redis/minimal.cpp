#include "minimal.hpp"

#include "redis/codec.hpp"
#include "server.hpp"

namespace redis_bench {
namespace {

// Of a lock: "<holder> <end>", in one hash with the last token: the fewest commands that do it.
constexpr std::string_view acquire = R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local found = redis.call('HMGET', KEYS[1], '', ARGV[1])
if found[2] and tonumber(string.match(found[2], '%d+$')) > now then
    return 0
end
local token = math.max((found[1] or 0) + 1, now)
redis.call('HSET', KEYS[1], '', string.format('%.0f', token),
           ARGV[1], ARGV[2] .. ' ' .. string.format('%.0f', now + ARGV[3]))
return token
)lua";
constexpr std::string_view release = R"lua(
local found = redis.call('HGET', KEYS[1], ARGV[1])
if found and string.match(found, '^%S+') == ARGV[2] then
    return redis.call('HDEL', KEYS[1], ARGV[1])
end
return 0
)lua";

// As such scripts are commonly written: a key of Redis for each lock, which expires by itself.
constexpr std::string_view acquire_key = R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
    return 0
end
local token = math.max((redis.call('GET', KEYS[2]) or 0) + 1, now)
redis.call('SET', KEYS[2], string.format('%.0f', token))
return token
)lua";
constexpr std::string_view release_key = R"lua(
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
)lua";

constexpr std::string_view holder = "fedcba9876543210.10000";

std::string written(const colock::redis::command& words) {
    std::string out;
    words.append_to(out);
    return out;
}

} // namespace

cycle_commands minimal_commands(server& on) {
    using colock::redis::command;
    return {[sha = on.load(acquire)](std::uint64_t key) {
                return written(
                    command("EVALSHA", sha, "1", "{least}:locks", key_name(key), holder, "30000000"));
            },
            [sha = on.load(release)](std::uint64_t key) {
                return written(command("EVALSHA", sha, "1", "{least}:locks", key_name(key), holder));
            }};
}

cycle_commands minimal_key_commands(server& on) {
    using colock::redis::command;
    return {[sha = on.load(acquire_key)](std::uint64_t key) {
                return written(command("EVALSHA", sha, "2", "{least}:" + key_name(key), "{least}:token",
                                       holder, "30000"));
            },
            [sha = on.load(release_key)](std::uint64_t key) {
                return written(command("EVALSHA", sha, "1", "{least}:" + key_name(key), holder));
            }};
}

} // namespace redis_bench
