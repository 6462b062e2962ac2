#include "pages.hpp"

#include "service.hpp"

namespace seat_service {
namespace {

bool may_see_metrics(const http_question& asked, const service& by) {
    return !by.doors.asks_for_token() || by.doors.find(bearer_token(asked.authorization));
}

} // namespace

http_answer answer(const http_question& asked, service& by) {
    if (asked.method != "GET" && asked.method != "HEAD")
        return {.status = 405, .body = "only GET and HEAD\n", .allow = "GET, HEAD"};
    std::string_view path = asked.target.substr(0, asked.target.find('?'));
    if (path == "/healthz") {
        if (by.is_draining())
            return {.status = 503, .body = "stopping\n"};
        return {.body = "ok\n"};
    }
    if (path == "/metrics") {
        if (!may_see_metrics(asked, by))
            return {.status = 401, .body = "a token is needed\n"};
        return {.media_type = metrics_media_type, .body = by.metrics_text()};
    }
    if (path == "/ws")
        return {.status = 426, .body = "this is a WebSocket\n"};
    if (path == "/")
        path = "/index.html";
    for (const page_file& each : page_files())
        if (each.path == path)
            return {.media_type = each.media_type, .body = std::string(each.bytes)};
    return {.status = 404, .body = "there is nothing here\n"};
}

} // namespace seat_service
