// Asio, compiled once: its TLS part.
#include <boost/asio/ssl/impl/src.hpp>
