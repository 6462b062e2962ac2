// Boost.JSON is compiled here, once, for this program.
#include <boost/json/src.hpp>
