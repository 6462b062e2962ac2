#pragma once

#include <colock/clock.hpp>
#include <colock/error.hpp>
#include <colock/grant.hpp>
#include <colock/guard.hpp>
#include <colock/key_set.hpp>
#include <colock/lease.hpp>
#include <colock/locking_service.hpp>
#include <colock/make_provider.hpp>
#include <colock/memory_provider.hpp>
#include <colock/observer.hpp>
#include <colock/options.hpp>
#include <colock/provider.hpp>
