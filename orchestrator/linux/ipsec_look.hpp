// IpsecLook: asks charon (over a connection of its own, so that a long list stands in the way of nothing) and
// the kernel for each SA of ours, in detail. Read only. Owner: Daemon.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lifecycle/ipsec_view.hpp"
#include "vici/commands_sas.hpp"

namespace keel {

// Nothing where the IKE_SA is not ours or holds an address that does not parse.
[[nodiscard]] std::optional<lifecycle::IkeView> make_ike_view(const vici::IkeSa& ike);

class IpsecLook {
public:
    using Done = std::function<void(Result<std::vector<lifecycle::IkeView>>)>;

    IpsecLook(asio::io_context& io, std::string vici_socket_path, Kernel& kernel)
        : io_(io), path_(std::move(vici_socket_path)), kernel_(kernel) {}

    // `done` is called once, later, within ten seconds. At most kMaxAtOnce at a time: `busy` beyond.
    void look(Done done);

private:
    static constexpr int kMaxAtOnce = 4;

    void read_counters(lifecycle::IkeView& peer);

    asio::io_context& io_;
    std::string path_;
    Kernel& kernel_;
    std::shared_ptr<int> at_once_ = std::make_shared<int>(0);
};

}  // namespace keel
