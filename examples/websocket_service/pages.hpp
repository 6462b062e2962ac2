#pragma once

#include <span>
#include <string>
#include <string_view>

namespace seat_service {

class service;

/// A file of the page, compiled into the program.
struct page_file {
    std::string_view path; ///< as it is asked for: "/app.js"
    std::string_view media_type;
    std::string_view bytes;
};
[[nodiscard]] std::span<const page_file> page_files() noexcept;

/// What a plain HTTP request asks for.
struct http_question {
    std::string_view method;
    std::string_view target;
    std::string_view authorization;
};

struct http_answer {
    unsigned status = 200;
    std::string_view media_type = "text/plain; charset=utf-8";
    std::string body = {};
    std::string_view allow = {}; ///< for 405
};

/// Answers all that is not a WebSocket: the page, /metrics and /healthz.
[[nodiscard]] http_answer answer(const http_question& asked, service& by);

} // namespace seat_service
