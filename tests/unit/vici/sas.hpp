// An IKE_SA of a server of ours with one CHILD_SA, as charon tells it.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <variant>
#include <vector>

#include "ports.hpp"
#include "vici/commands.hpp"

namespace keel::test {

inline vici::IkeSa ike_sa(std::uint32_t child_id, std::uint32_t mark, std::uint32_t reqid) {
    vici::IkeSa ike;
    ike.name = "keel2tp-lns.office";
    ike.uniqueid = 1;
    ike.version = 1;
    ike.local_host = "192.0.2.2";
    ike.remote_host = "203.0.113.7";
    ike.remote_port = 61001;
    vici::ChildSa child;
    child.uniqueid = child_id;
    child.mark_in = mark;
    child.reqid = reqid;
    child.state = "INSTALLED";
    child.encr_alg = "AES_GCM_16";
    child.encr_keysize = "128";
    ike.children.push_back(child);
    return ike;
}

template <class T>
T only(const std::vector<Event>& events) {
    REQUIRE(events.size() == 1);
    REQUIRE(std::holds_alternative<T>(events[0]));
    return std::get<T>(events[0]);
}

}  // namespace keel::test
