#include "client.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <deque>
#include <unordered_map>

namespace ws {

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

class client::connection : public std::enable_shared_from_this<connection> {
public:
    connection(const asio::any_io_executor& executor, client_options options)
        : options_(std::move(options)), stream_(executor), news_(executor) {
        news_.expires_at(asio::steady_timer::time_point::max());
    }

    asio::awaitable<void> connect();
    std::uint64_t send(std::string_view operation, std::string_view members);
    asio::awaitable<reply> response(std::shared_ptr<connection> self, std::uint64_t id);
    asio::awaitable<reply> event(std::shared_ptr<connection> self, std::string name);
    asio::awaitable<reply> stray(std::shared_ptr<connection> self);
    asio::awaitable<std::uint16_t> ended(std::shared_ptr<connection> self);
    asio::awaitable<void> close(std::shared_ptr<connection> self, std::uint16_t code);

    enum class form { text, binary, bytes };
    void write(form as, std::string message);
    void drop(bool reset);
    void read_next();

    void go_silent() {
        silent_ = true;
        error_code ignored;
        stream_.next_layer().cancel(ignored);
    }

    [[nodiscard]] std::size_t unsent() const noexcept { return outgoing_.size(); }
    [[nodiscard]] bool connected() const noexcept { return open_; }
    [[nodiscard]] const std::string& subprotocol() const noexcept { return subprotocol_; }

private:
    struct pending {
        explicit pending(const asio::any_io_executor& executor) : arrived(executor) {}

        asio::steady_timer arrived; ///< cancelled when it did
        std::optional<reply> answer;
    };
    struct message {
        form as;
        std::string content;
    };

    void take(json::object message);
    void write_next();
    void end(std::uint16_t code);
    asio::awaitable<bool> news_before(asio::steady_timer::time_point deadline);

    const client_options options_;
    websocket::stream<tcp::socket> stream_;
    beast::flat_buffer incoming_;
    std::deque<message> outgoing_;
    std::unordered_map<std::uint64_t, pending> pending_;
    std::deque<reply> events_;
    std::deque<reply> strays_;
    asio::steady_timer news_; ///< cancelled when an event or a stray came, or the end
    std::string subprotocol_;
    std::uint64_t last_id_ = 0;
    std::uint16_t code_ = no_close_code;
    bool open_ = false;
    bool silent_ = false;
    bool writing_ = false;
};

asio::awaitable<void> client::connection::connect() {
    const auto self = shared_from_this();
    tcp::socket& socket = stream_.next_layer();
    asio::steady_timer limit(socket.get_executor(), options_.patience);
    limit.async_wait([self](error_code error) {
        error_code ignored;
        if (!error)
            self->stream_.next_layer().close(ignored);
    });

    socket.open(tcp::v4());
    if (options_.receive_buffer)
        socket.set_option(asio::socket_base::receive_buffer_size(*options_.receive_buffer));
    const tcp::endpoint server(asio::ip::make_address(options_.host), options_.port);
    co_await socket.async_connect(server, asio::use_awaitable);
    socket.set_option(tcp::no_delay(true));

    stream_.set_option(websocket::stream_base::decorator([this](websocket::request_type& request) {
        if (options_.authorization)
            request.set(http::field::authorization, *options_.authorization);
        if (options_.origin)
            request.set(http::field::origin, *options_.origin);
        if (options_.subprotocol)
            request.set(http::field::sec_websocket_protocol, *options_.subprotocol);
    }));
    stream_.read_message_max(64 << 20);
    stream_.auto_fragment(false);

    websocket::response_type answer;
    error_code error;
    const std::string host = options_.host + ':' + std::to_string(options_.port);
    co_await stream_.async_handshake(answer, host, options_.target,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (error == websocket::error::upgrade_declined)
        throw handshake_refused(answer.result_int());
    if (error)
        throw boost::system::system_error(error, "handshake");
    subprotocol_ = std::string(answer[http::field::sec_websocket_protocol]);
    open_ = true;
    if (options_.reads)
        read_next();
}

std::uint64_t client::connection::send(std::string_view operation, std::string_view members) {
    const std::uint64_t id = ++last_id_;
    pending_.try_emplace(id, stream_.get_executor());
    std::string text = "{\"id\":" + std::to_string(id) + ",\"op\":\"";
    text.append(operation).append("\"");
    if (!members.empty())
        text.append(",").append(members);
    text.append("}");
    write(form::text, std::move(text));
    return id;
}

asio::awaitable<reply> client::connection::response(std::shared_ptr<connection> self, std::uint64_t id) {
    const auto found = pending_.find(id);
    if (found == pending_.end())
        throw std::logic_error("there is no such request");
    pending& wanted = found->second; // stays where it is when others come and go
    if (!wanted.answer && open_) {
        wanted.arrived.expires_after(options_.patience);
        error_code cancelled;
        co_await wanted.arrived.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
    std::optional<reply> answer = std::move(wanted.answer);
    pending_.erase(id);
    if (answer)
        co_return std::move(*answer);
    if (!self->open_)
        throw connection_closed(code_);
    throw no_answer("no response to request " + std::to_string(id));
}

asio::awaitable<bool> client::connection::news_before(asio::steady_timer::time_point deadline) {
    if (asio::steady_timer::clock_type::now() >= deadline)
        co_return false;
    // One timer for all who wait: the earliest deadline wakes them, and each looks again.
    if (deadline < news_.expiry())
        news_.expires_at(deadline);
    error_code ignored;
    co_await news_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (asio::steady_timer::clock_type::now() >= news_.expiry())
        news_.expires_at(asio::steady_timer::time_point::max());
    co_return true;
}

asio::awaitable<reply> client::connection::event(std::shared_ptr<connection> self, std::string name) {
    const auto deadline = asio::steady_timer::clock_type::now() + options_.patience;
    for (;;) {
        const auto found = std::find_if(events_.begin(), events_.end(), [&](const reply& event) {
            return event.message().at("event") == json::string_view(name);
        });
        if (found != events_.end()) {
            reply result = std::move(*found);
            events_.erase(found);
            co_return result;
        }
        if (!self->open_)
            throw connection_closed(code_);
        const bool more = co_await news_before(deadline);
        if (!more)
            throw no_answer("no event " + name);
    }
}

asio::awaitable<reply> client::connection::stray(std::shared_ptr<connection> self) {
    const auto deadline = asio::steady_timer::clock_type::now() + options_.patience;
    for (;;) {
        if (!strays_.empty()) {
            reply result = std::move(strays_.front());
            strays_.pop_front();
            co_return result;
        }
        if (!self->open_)
            throw connection_closed(code_);
        const bool more = co_await news_before(deadline);
        if (!more)
            throw no_answer("no response");
    }
}

asio::awaitable<std::uint16_t> client::connection::ended(std::shared_ptr<connection> self) {
    const auto deadline = asio::steady_timer::clock_type::now() + options_.patience;
    while (self->open_) {
        const bool more = co_await news_before(deadline);
        if (!more)
            throw no_answer("the connection did not end");
    }
    co_return code_;
}

asio::awaitable<void> client::connection::close(std::shared_ptr<connection> self, std::uint16_t code) {
    stream_.async_close(websocket::close_reason(code), [self](error_code) {});
    co_await ended(self);
}

void client::connection::read_next() {
    stream_.async_read(incoming_, [self = shared_from_this()](error_code error, std::size_t) {
        if (self->silent_)
            return;
        if (error)
            return self->end(error == websocket::error::closed ? self->stream_.reason().code : no_close_code);
        const auto bytes = self->incoming_.data();
        json::value message = json::parse({static_cast<const char*>(bytes.data()), bytes.size()});
        self->incoming_.consume(bytes.size());
        self->take(std::move(message.as_object()));
        if (!self->silent_)
            self->read_next();
    });
}

void client::connection::take(json::object message) {
    reply news(std::move(message));
    if (news.message().contains("event")) {
        if (options_.on_event)
            return options_.on_event(std::move(news));
        events_.push_back(std::move(news));
    } else {
        const json::value& id = news.message().at("id");
        const auto found =
            id.is_int64() ? pending_.find(static_cast<std::uint64_t>(id.get_int64())) : pending_.end();
        if (found != pending_.end()) {
            found->second.answer = std::move(news);
            found->second.arrived.cancel();
            return;
        }
        strays_.push_back(std::move(news));
    }
    news_.cancel();
}

void client::connection::write(form as, std::string content) {
    outgoing_.push_back({as, std::move(content)});
    if (!writing_)
        write_next();
}

void client::connection::write_next() {
    if (outgoing_.empty())
        return;
    writing_ = true;
    auto then = [self = shared_from_this()](error_code error, std::size_t) {
        self->writing_ = false;
        self->outgoing_.pop_front();
        if (!error)
            self->write_next(); // else the reader sees the end as well, and why
    };
    const message& next = outgoing_.front();
    if (next.as == form::bytes)
        return asio::async_write(stream_.next_layer(), asio::buffer(next.content), std::move(then));
    stream_.binary(next.as == form::binary);
    stream_.async_write(asio::buffer(next.content), std::move(then));
}

void client::connection::end(std::uint16_t code) {
    open_ = false;
    code_ = code;
    error_code ignored;
    stream_.next_layer().close(ignored);
    for (auto& [id, waiting] : pending_)
        waiting.arrived.cancel();
    news_.cancel();
}

void client::connection::drop(bool reset) {
    tcp::socket& socket = stream_.next_layer();
    error_code ignored;
    if (reset)
        socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
    if (open_)
        end(no_close_code);
}

client::client(asio::any_io_executor executor, client_options options)
    : connection_(std::make_shared<connection>(executor, std::move(options))) {}

client::~client() {
    if (connection_)
        connection_->drop(false);
}

client::client(client&&) noexcept = default;

client& client::operator=(client&& other) noexcept {
    if (connection_ && connection_ != other.connection_)
        connection_->drop(false);
    connection_ = std::move(other.connection_);
    return *this;
}

asio::awaitable<void> client::connect() {
    return connection_->connect();
}

std::uint64_t client::send(std::string_view operation, std::string_view members) {
    return connection_->send(operation, members);
}

asio::awaitable<reply> client::response(std::uint64_t id) {
    return connection_->response(connection_, id);
}

asio::awaitable<reply> client::request(std::string operation, std::string members) {
    return connection_->response(connection_, connection_->send(operation, members));
}

asio::awaitable<reply> client::next_event(std::string name) {
    return connection_->event(connection_, std::move(name));
}

asio::awaitable<reply> client::next_stray() {
    return connection_->stray(connection_);
}

void client::send_text(std::string message) {
    connection_->write(connection::form::text, std::move(message));
}

void client::send_binary(std::string message) {
    connection_->write(connection::form::binary, std::move(message));
}

void client::send_bytes(std::string bytes) {
    connection_->write(connection::form::bytes, std::move(bytes));
}

std::size_t client::unsent() const {
    return connection_->unsent();
}

bool client::connected() const {
    return connection_->connected();
}

std::string client::agreed_subprotocol() const {
    return connection_->subprotocol();
}

asio::awaitable<void> client::close(std::uint16_t code) {
    return connection_->close(connection_, code);
}

asio::awaitable<std::uint16_t> client::ended() {
    return connection_->ended(connection_);
}

void client::start_reading() {
    connection_->read_next();
}

void client::go_silent() {
    connection_->go_silent();
}

void client::drop(bool reset) {
    connection_->drop(reset);
}

} // namespace ws
