// Commands about pools: virtual addresses and attributes that the daemon gives to its peers.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "vici/message.hpp"
#include "vici/session.hpp"

namespace vici {

struct Pool {
    std::string name;
    std::string addrs;  // a subnet ("10.3.0.0/24") or a range ("10.3.0.1-10.3.0.9")
    std::vector<std::pair<std::string, List>> attributes{};  // "dns", "nbns", "split_include", or a number
};
// Replaces the pool of that name where no lease of it is online.
[[nodiscard]] Request make_load_pool(const Pool& pool);
[[nodiscard]] Request make_unload_pool(const std::string& name);

struct GetPools {
    bool leases = false;
    std::string name{};  // empty: all
};
[[nodiscard]] Request make_get_pools(const GetPools& filter = {});

struct Lease {
    std::string address, identity;
    bool online = false;
};
struct ListedPool {
    std::string name, base;
    std::uint32_t size = 0, online = 0, offline = 0;
    std::vector<Lease> leases;
};
[[nodiscard]] std::vector<ListedPool> parse_get_pools(const Message& reply);

}  // namespace vici
