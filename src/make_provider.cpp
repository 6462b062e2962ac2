#include <colock/make_provider.hpp>

#include <colock/memory_provider.hpp>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <charconv>
#include <functional>
#include <map>
#include <string>

namespace colock {
namespace {

namespace urls = boost::urls;

[[noreturn]] void refuse(std::string_view url, const std::string& why) {
    // The text of a URL may hold a password: show what is before the first '@' only if there is none.
    std::string shown(url.substr(0, url.find(':') + 1));
    if (url.find('@') == std::string_view::npos)
        shown = url;
    throw lock_error::invalid("Cannot make a provider from the URL \"" + shown + "\": " + why);
}

/// The query parameters of a URL, each taken by the option that knows it.
class parameters {
public:
    parameters(std::string_view text, const urls::url_view& url) : text_(text) {
        for (const auto& parameter : url.params()) {
            const std::string name(parameter.key.begin(), parameter.key.end());
            if (!values_.emplace(name, std::string(parameter.value.begin(), parameter.value.end())).second)
                refuse(text_, "the option \"" + name + "\" is given twice");
        }
    }

    template<class Number>
    void take(const std::string& name, Number& to) {
        const auto found = values_.find(name);
        if (found == values_.end())
            return;
        const std::string& value = found->second;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), to);
        if (error != std::errc() || end != value.data() + value.size())
            refuse(text_, "the option \"" + name + "\" must be a whole number, not \"" + value + '"');
        values_.erase(found);
    }

    /// Refuses what nobody took.
    void finish() const {
        if (!values_.empty())
            refuse(text_, "there is no option \"" + values_.begin()->first + '"');
    }

private:
    std::string_view text_;
    std::map<std::string, std::string> values_;
};

std::unique_ptr<provider> make_memory(std::string_view text, const urls::url_view& url) {
    if (url.has_authority() || !url.encoded_path().empty())
        refuse(text, "nothing may stand between \"memory:\" and the options");
    memory_provider_options options;
    parameters given(text, url);
    given.take("max_waiters", options.max_waiters);
    given.finish();
    return std::make_unique<memory_provider>(options);
}

} // namespace

std::unique_ptr<provider> make_provider(const asio::any_io_executor&, std::string_view url) {
    const auto parsed = urls::parse_uri(url);
    if (!parsed)
        refuse(url, "it is not a URL");
    const std::string scheme(parsed->scheme());
    if (scheme == "memory")
        return make_memory(url, *parsed);
    for (const char* known : {"redis", "rediss", "redis+unix", "postgres", "postgresql", "etcd"})
        if (scheme == known)
            refuse(url, "the backend \"" + scheme + "\" was not built");
    refuse(url, "the scheme \"" + scheme + "\" is unknown; there is memory:");
}

} // namespace colock
