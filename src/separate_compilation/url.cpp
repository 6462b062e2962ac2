// Boost.URL is compiled here, once, for make_provider.
#include <boost/url/src.hpp>
