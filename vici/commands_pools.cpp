#include "vici/commands_pools.hpp"

#include "vici/fields.hpp"

namespace vici {

using fields::each_section;
using fields::number;

Request make_load_pool(const Pool& pool) {
    Message section;
    section.add("addrs", pool.addrs);
    for (const auto& [name, values] : pool.attributes) section.add(name, values);
    Request request{.command = "load-pool"};
    request.arguments.add(pool.name, std::move(section));
    return request;
}

Request make_unload_pool(const std::string& name) {
    Request request{.command = "unload-pool"};
    request.arguments.add("name", name);
    return request;
}

Request make_get_pools(const GetPools& filter) {
    Request request{.command = "get-pools", .unbounded_reply = true};
    if (filter.leases) request.arguments.add("leases", "yes");
    if (!filter.name.empty()) request.arguments.add("name", filter.name);
    return request;
}

std::vector<ListedPool> parse_get_pools(const Message& reply) {
    std::vector<ListedPool> out;
    each_section(reply, [&out](const std::string& name, const Message& section) {
        ListedPool pool{.name = name,
                        .base = std::string(section.value("base")),
                        .size = number<std::uint32_t>(section.value("size")),
                        .online = number<std::uint32_t>(section.value("online")),
                        .offline = number<std::uint32_t>(section.value("offline")),
                        .leases = {}};
        if (const Message* leases = section.find_section("leases")) {
            each_section(*leases, [&pool](const std::string&, const Message& lease) {
                pool.leases.push_back({.address = std::string(lease.value("address")),
                                       .identity = std::string(lease.value("identity")),
                                       .online = lease.value("status") == "online"});
            });
        }
        out.push_back(std::move(pool));
    });
    return out;
}

}  // namespace vici
