// Commands: typed requests and answers over Message, sorted by subject. Each make_* names a command's keys
// once; each parse_* turns an answer, or a streamed message, into a value. This header is all of them.
#pragma once

#include "vici/commands_connections.hpp"
#include "vici/commands_credentials.hpp"
#include "vici/commands_daemon.hpp"
#include "vici/commands_pools.hpp"
#include "vici/commands_sas.hpp"
#include "vici/events.hpp"
