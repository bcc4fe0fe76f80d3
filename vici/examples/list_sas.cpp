// Who is connected: every IKE_SA with what its CHILD_SAs have carried.
#include <cstdio>

#include "vici/client.hpp"
#include "vici/commands.hpp"

int main(int argc, char** argv) {
    auto client = vici::Client::connect({.path = argc > 1 ? argv[1] : "/var/run/charon.vici"});
    if (!client) return std::fprintf(stderr, "%s\n", client.error().message.c_str()), 1;
    const vici::Status done = client->each(vici::make_list_sas(), [](const vici::Message& item) {
        for (const vici::IkeSa& ike : vici::parse_ike_sas(item)) {
            std::printf("%s: IKEv%d with %s, %s\n", ike.name.c_str(), ike.version, ike.remote_host.c_str(),
                        ike.state.c_str());
            for (const vici::ChildSa& child : ike.children)
                std::printf("  %s: %llu octets in, %llu out\n", child.name.c_str(),
                            static_cast<unsigned long long>(child.in.bytes),
                            static_cast<unsigned long long>(child.out.bytes));
        }
    });
    if (!done) return std::fprintf(stderr, "%s\n", done.error().message.c_str()), 1;
}
