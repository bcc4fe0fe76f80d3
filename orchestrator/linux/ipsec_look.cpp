#include "linux/ipsec_look.hpp"

#include <utility>

#include "linux/strongswan_link.hpp"
#include "linux/strongswan_recipe.hpp"

namespace keel {
namespace {

using lifecycle::ChildView;
using lifecycle::IkeView;

constexpr seconds kDeadline{10};

// "AES_CBC-256/HMAC_SHA2_256_128/MODP_2048"; what is not there is left out.
std::string suite_of(const std::string& encryption, const std::string& keysize, const std::string& integrity,
                     const std::string& group) {
    std::string out = encryption;
    if (!keysize.empty()) out += "-" + keysize;
    for (const std::string& part : {integrity, group}) {
        if (!part.empty()) out += (out.empty() ? "" : "/") + part;
    }
    return out;
}

ChildView make_child_view(const vici::ChildSa& child) {
    ChildView view;
    view.state = child.state;
    view.mark = child.mark_in;
    view.reqid = child.reqid;
    view.spi_in = child.spi_in;
    view.spi_out = child.spi_out;
    view.encap = child.encap;
    view.suite = suite_of(child.encr_alg, child.encr_keysize, child.integ_alg, child.dh_group);
    view.installed = child.installed;
    view.rekey_in = child.rekey_in;
    view.dies_in = child.dies_in;
    view.idle_in = child.in.idle;
    view.idle_out = child.out.idle;
    return view;
}

}  // namespace

std::optional<IkeView> make_ike_view(const vici::IkeSa& ike) {
    const auto name = our_name(ike.name);
    const auto local = IpAddress::parse(ike.local_host), remote = IpAddress::parse(ike.remote_host);
    if (!name || !local || !remote) return std::nullopt;
    IkeView view;
    view.connection = *name;
    view.ike_id = ike.uniqueid;
    view.version = ike.version;
    view.state = ike.state;
    view.initiator = ike.initiator;
    view.local = {*local, ike.local_port};
    view.remote = {*remote, ike.remote_port};
    view.local_id = ike.local_id;
    view.remote_id = ike.remote_id;
    view.suite = suite_of(ike.encr_alg, ike.encr_keysize, ike.integ_alg.empty() ? ike.prf_alg : ike.integ_alg,
                          ike.dh_group);
    view.nat_local = ike.nat_local;
    view.nat_remote = ike.nat_remote;
    view.established = ike.established;
    view.rekey_in = ike.rekey_in;
    view.reauth_in = ike.reauth_in;
    for (const vici::List* tasks : {&ike.tasks_active, &ike.tasks_passive, &ike.tasks_queued})
        view.tasks.insert(view.tasks.end(), tasks->begin(), tasks->end());
    for (const vici::ChildSa& child : ike.children) view.children.push_back(make_child_view(child));
    return view;
}

void IpsecLook::look(Done done) {
    if (*at_once_ >= kMaxAtOnce) {
        asio::post(io_, [done = std::move(done)] {
            done(fail(ErrorCode::busy, "charon is being asked already", "ask again in a moment"));
        });
        return;
    }
    struct Asking {
        std::shared_ptr<int> at_once;
        std::shared_ptr<ViciLink> link;
        std::vector<IkeView> peers;
        Done done;

        void finish(Result<std::vector<IkeView>> result) {
            if (!done) return;
            --*at_once;
            const Done told = std::exchange(done, {});
            // The link holds what holds this: let go of it, but not from inside its own call.
            const auto last = std::exchange(link, {});
            last->detach();
            told(std::move(result));
        }
    };
    ++*at_once_;
    auto asking = std::make_shared<Asking>(Asking{at_once_, {}, {}, std::move(done)});
    const auto list = [this, asking] {
        asking->link->register_event("list-sa", kDeadline, {});
        asking->link->request(
            vici::make_list_sas({.noblock = false}), kDeadline,
            [asking](const vici::Message& item) {
                for (const vici::IkeSa& ike : vici::parse_ike_sas(item)) {
                    if (auto view = make_ike_view(ike)) asking->peers.push_back(std::move(*view));
                }
            },
            [this, asking](const vici::Result<vici::Reply>& reply) {
                if (!reply) return;  // the link is lost, and tells
                for (IkeView& peer : asking->peers) read_counters(peer);
                asking->finish(std::move(asking->peers));
            });
    };
    const auto lost = [asking](const Error& why) { asking->finish(std::unexpected(why)); };
    asking->link = std::make_shared<ViciLink>(io_, ViciLink::Handlers{list, lost, {}});
    asking->link->connect(path_);
}

void IpsecLook::read_counters(IkeView& peer) {
    for (ChildView& child : peer.children) {
        if (child.spi_in == 0) continue;  // charon tells SPIs of installed ones only
        if (auto in = kernel_.sa_counters(peer.remote.ip, peer.local.ip, child.spi_in, child.mark))
            child.in = *in;
        if (auto out = kernel_.sa_counters(peer.local.ip, peer.remote.ip, child.spi_out, 0)) child.out = *out;
    }
}

}  // namespace keel
