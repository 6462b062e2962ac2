#include "reply.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

namespace ws {

bool reply::ok() const {
    const json::value* member = message_.if_contains("ok");
    return member && member->is_bool() && member->get_bool();
}

std::string reply::error() const {
    const json::value* member = message_.if_contains("error");
    return member ? json::value_to<std::string>(member->at("code")) : std::string();
}

const json::object& reply::result() const {
    const json::value* member = message_.if_contains("result");
    if (!member || !member->is_object())
        throw std::runtime_error("no result: " + to_text());
    return member->get_object();
}

std::string reply::text_of(std::string_view member) const {
    return json::value_to<std::string>(result().at(member));
}

std::int64_t reply::number_of(std::string_view member) const {
    return result().at(member).to_number<std::int64_t>();
}

std::uint64_t reply::token() const {
    return std::stoull(text_of("token"));
}

std::string reply::to_text() const {
    return json::serialize(message_);
}

} // namespace ws
