// IpsecView: each peer's IKE_SA and CHILD_SAs in detail, as charon and the kernel have them at this moment,
// for `keel2tp ipsec`. Plain values: linux/ fills them, api/ turns them into JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lifecycle/ipsec_history.hpp"
#include "lifecycle/status.hpp"
#include "ports.hpp"

namespace keel::lifecycle {

struct ChildView {
    std::string state;  // charon's word: "INSTALLED", "REKEYED", ...
    std::uint32_t mark = 0, reqid = 0;
    std::uint32_t spi_in = 0, spi_out = 0;
    bool encap = false;
    std::string suite;                                    // "AES_CBC-256/HMAC_SHA2_256_128"
    std::optional<seconds> installed, rekey_in, dies_in;  // nothing: never
    std::optional<seconds> idle_in, idle_out;             // since the last packet
    std::optional<SaCounters> in, out;                    // the kernel's; nothing: it has no such SA
    std::optional<MappingMoves> moves;
};
struct IkeView {
    std::string connection;
    std::uint32_t ike_id = 0;
    int version = 0;
    std::string state;
    bool initiator = false;
    SocketAddress local, remote;
    std::string local_id, remote_id;
    std::string suite;  // "AES_CBC-256/HMAC_SHA2_256_128/MODP_2048"
    bool nat_local = false, nat_remote = false;
    std::optional<seconds> established, rekey_in, reauth_in;
    std::vector<std::string> tasks;  // what charon is doing with the peer: "IKE_DPD", "QUICK_MODE", ...
    std::vector<ChildView> children;
};
struct IpsecView {
    CharonStatus charon;
    std::optional<Error> why;  // `peers` could not be asked for
    std::vector<IkeView> peers;
};

}  // namespace keel::lifecycle
