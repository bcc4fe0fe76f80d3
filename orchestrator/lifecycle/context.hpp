// What a Lac and an Lns work with; the Orchestrator owns all of it.
#pragma once

#include <optional>

#include "base/log.hpp"
#include "lifecycle/datapath.hpp"
#include "lifecycle/sa_table.hpp"
#include "lifecycle/tunnel_closer.hpp"

namespace keel::lifecycle {

struct Context {
    Ports& ports;
    l2tp::Endpoint& endpoint;
    Datapath& datapath;
    TunnelCloser& closer;
    SaTable& sas;
    CharonStatus& charon;
    Log& log;
    std::uint64_t next_tag = 1;  // of Resolver::resolve
};

}  // namespace keel::lifecycle
