// Ports: all that the lifecycle asks of the world, and all that the world tells it. linux/ implements them;
// the tests put recording fakes there.
//
// Two rules hold for every port:
//  - A call never calls back. What takes time is reported later as an Event through the event loop.
//  - A call that returns an Error has changed nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/id.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "base/unique_fd.hpp"

namespace keel {

// ---- Ipsec: IKE and ESP by strongSwan

enum class IkeVersion { any = 0, v1 = 1, v2 = 2 };  // vici's own numbers

// How both ends prove who they are; one of these per connection.
struct PskAuth {
    Secret psk;
    // Responder: the PSK of these of its addresses, instead of `psk`. IKEv1's main mode looks a PSK up before
    // it knows anything of the peer but its address, so a PSK belongs to an address of ours, not to a peer.
    std::map<IpAddress, Secret> by_address{};

    bool operator==(const PskAuth&) const = default;
};
// Revocation: whether a certificate of which it is not known whether it was revoked is accepted: always;
// only if the certificate names no place to ask; never.
enum class Revocation { relaxed, ifuri, strict };
struct CertificateAuth {
    std::vector<std::string> cacerts;  // files, PEM or DER: who may have signed the peer's certificate
    std::string cert;                  // file: our certificate; in PEM its intermediates may follow
    std::string private_key;           // file, or "credential:NAME"
    std::vector<std::string> peers;    // identities with wildcards: who is admitted; empty: all of the CAs'
    Revocation revocation = Revocation::relaxed;
    std::vector<std::string> crls;  // files, PEM or DER

    bool operator==(const CertificateAuth&) const = default;
};
struct PublicKeyAuth {  // raw keys, IKEv2 only
    std::string private_key;
    std::vector<std::string> pubkeys;  // files, PEM or DER: the peers'

    bool operator==(const PublicKeyAuth&) const = default;
};
using IpsecAuth = std::variant<PskAuth, CertificateAuth, PublicKeyAuth>;

// One connection in charon with one CHILD_SA per peer: udp/1701 in transport mode (RFC 3193), recipe S.
struct IpsecConnection {
    enum class Role { responder, initiator };

    std::string name;  // unique among ours: "lns/office", "lac/branch"
    Role role = Role::responder;
    IkeVersion ike = IkeVersion::any;
    std::vector<IpAddress> local;     // responder: the listening addresses; initiator: empty for any, or one
    std::optional<IpAddress> remote;  // initiator: the server
    std::string local_id, remote_id;  // empty: the address (local), anything (remote)
    IpsecAuth auth;
    std::vector<std::string> ike_proposals, esp_proposals;
    bool force_encap = false;               // UDP encapsulation even without NAT
    bool any_port = false;                  // initiator: our end of the SA is not bound to port 1701
    std::vector<IpAddress> also_dialled{};  // responder: peers that we dial ourselves; Strongswan fills it in
};

// A CHILD_SA that is up. `mark` (never 0) is what the kernel puts on packets that came under it, `reqid`
// selects it for sending; both stay through rekeying, `child_id` does not.
struct ChildSa {
    std::string connection;  // IpsecConnection::name
    std::uint32_t mark = 0;
    std::uint32_t reqid = 0;
    std::uint32_t ike_id = 0;  // charon's unique ids
    std::uint32_t child_id = 0;
    int ike_version = 0;
    IpAddress local;
    SocketAddress remote;  // IKE's address and port: the NAT's where there is one
    std::string remote_id;
    std::uint32_t spi_in = 0, spi_out = 0;
    bool encap = false;                 // UDP-encapsulated (NAT-T)
    std::string encryption, integrity;  // "AES_GCM_16-128", ""; "AES_CBC-256", "HMAC_SHA2_256_128"
};

class Ipsec {
public:
    virtual ~Ipsec() = default;
    // Declares the connection (or replaces the one of that name) and its secret. Kept loaded, also over
    // restarts of charon and over others' `swanctl --load-all`, until unload(). A refusal comes as
    // IpsecFailed.
    virtual void load(const IpsecConnection& connection) = 0;
    virtual void unload(const std::string& name) = 0;  // the SAs too
    // No new peer comes in any more; those that are in stay, until unload().
    virtual void refuse_new(const std::string& name) = 0;
    virtual void initiate(const std::string& name) = 0;  // ends in IpsecUp or IpsecFailed
    // Ends the CHILD_SA, and its IKE_SA when that has no other child.
    virtual void terminate(const ChildSa& sa) = 0;
    // Ends every SA of the connection, half-open ones too.
    virtual void terminate_all(const std::string& name) = 0;
};

struct IpsecReady {       // charon answers and everything declared is loaded
    std::string version;  // "5.9.8"
};
struct IpsecLost {  // charon does not answer (any more): all SAs must be taken for dead
    Error why;
};
struct IpsecIkeUp {  // the IKE_SA is established, its CHILD_SA not yet
    std::string connection;
};
struct IpsecUp {
    ChildSa sa;
};
struct IpsecChanged {  // rekeyed, or the peer's NAT mapping moved: mark and reqid are as before
    ChildSa sa;
};
struct IpsecDown {
    ChildSa sa;
    std::string reason;  // may be empty
};
struct IpsecLoaded {  // all of the connection is in charon, for the first time or again
    std::string connection;
    std::optional<Error> warning;  // what is amiss all the same
};
struct IpsecFailed {  // load or initiate failed
    std::string connection;
    Error why;  // in the peer's or charon's own words, with a remedy
};
struct IpsecRefused {  // a peer came to one of our responders and did not get an SA
    IpAddress local, peer;
    std::string reason;
};

// ---- Datagrams: control messages over UDP

using SocketId = Id<struct SocketTag>;

struct SaBinding {  // to which CHILD_SA a tunnel's socket is tied
    std::uint32_t mark = 0;
    std::uint32_t reqid = 0;
};

struct ListenerSpec {
    SocketAddress local;
    bool protect = true;  // only what came under an SA is received, and its mark is told
    // What comes to `local` for no tunnel under this SA alone; where a listener is not told the mark, each SA
    // needs one of these.
    std::optional<SaBinding> sa{};
};
// The port that a tunnel's packets come from on the wire.
enum class SourcePort {
    usual,  // 1701 under an SA or where a listener of ours stands on the address, otherwise one of its own
    l2tp,   // 1701
    own,    // one of its own
};
struct TunnelSocketSpec {
    IpAddress local;
    SocketAddress remote;
    std::optional<SaBinding> sa;  // none: without IPsec
    SourcePort port = SourcePort::usual;
};

class Datagrams {
public:
    virtual ~Datagrams() = default;
    [[nodiscard]] virtual Result<SocketId> open_listener(const ListenerSpec& spec) = 0;
    // Whether a listener is told under which SA a datagram came.
    [[nodiscard]] virtual bool tells_marks() = 0;
    // One connected socket per tunnel; with `sa` nothing can leave or enter it outside that CHILD_SA.
    [[nodiscard]] virtual Result<SocketId> open_tunnel_socket(const TunnelSocketSpec& spec) = 0;
    // A tunnel socket sends to its peer; a listener needs `to`. Loss is the protocol's business: no error.
    virtual void send(SocketId socket, std::optional<SocketAddress> to, ByteView datagram) = 0;
    // Marks what the socket sends from now on with this DSCP (0..63), data of kernel L2TP too.
    [[nodiscard]] virtual Status set_dscp(SocketId socket, std::uint8_t dscp) = 0;
    // Ties a tunnel's socket, and the kernel tunnel on it, to another CHILD_SA of the same peer; nothing: no
    // SA is its own any more, and nothing leaves it until it is tied again. charon gives the reqid of a dead
    // CHILD_SA to the next one, of whichever peer. After an Error nothing leaves either: close it.
    [[nodiscard]] virtual Status rebind(SocketId socket, std::optional<SaBinding> sa) = 0;
    virtual void close(SocketId socket) = 0;
};

struct DatagramReceived {
    SocketId socket;
    IpAddress local;
    SocketAddress from;
    std::uint32_t mark = 0;  // of the SA; 0: none
    Bytes datagram;
};

// ---- Kernel: l2tp_core, xfrm counters, routes

struct KernelSession {
    LocalTunnelId tunnel;
    PeerTunnelId peer_tunnel;
    LocalSessionId session;
    PeerSessionId peer_session;
    bool lns_mode = false;  // we decide on sequencing (RFC 2661 5.4)
    bool sequencing = false;
};
struct SessionCounters {
    std::uint64_t tx_packets = 0, tx_bytes = 0, tx_errors = 0;
    std::uint64_t rx_packets = 0, rx_bytes = 0, rx_errors = 0, rx_out_of_sequence = 0;
};
struct SaCounters {
    std::uint64_t packets = 0, bytes = 0;
    std::uint32_t replay_errors = 0, integrity_errors = 0;
};
struct GuardCounters {                // packets that the guard's rules dropped
    std::uint64_t cleartext_in = 0;   // udp/1701 that came under no SA
    std::uint64_t cleartext_out = 0;  // a tunnel's packet that found no SA
    std::uint64_t foreign_in = 0;     // inside an SA, but not for L2TP or not for a tunnel that exists
};
struct Route {
    Prefix destination;
    std::string interface;
};

class Kernel {
public:
    virtual ~Kernel() = default;
    // Protects these local addresses against L2TP in clear (port 1701, both ways), before anything else is
    // made.
    [[nodiscard]] virtual Status install_guard(std::span<const IpAddress> protected_addresses) = 0;
    virtual void remove_guard() = 0;
    [[nodiscard]] virtual Result<GuardCounters> guard_counters() = 0;

    [[nodiscard]] virtual Status create_tunnel(SocketId socket, LocalTunnelId tunnel, PeerTunnelId peer) = 0;
    virtual void delete_tunnel(LocalTunnelId tunnel) = 0;
    // The PPPoX socket of the new session, already bound to its ppp channel, so that early LCP frames wait in
    // it.
    [[nodiscard]] virtual Result<UniqueFd> create_session(const KernelSession& session) = 0;
    // Data messages carry sequence numbers from now on, both ways (RFC 2661 5.4).
    [[nodiscard]] virtual Status sequence_session(LocalTunnelId tunnel, LocalSessionId session) = 0;
    virtual void delete_session(LocalTunnelId tunnel, LocalSessionId session) = 0;
    [[nodiscard]] virtual Result<SessionCounters> session_counters(LocalTunnelId tunnel,
                                                                   LocalSessionId session) = 0;
    // `destination` and `spi` name the SA: ours for the inbound one, the peer's for the outbound one.
    [[nodiscard]] virtual Result<SaCounters> sa_counters(const IpAddress& source,
                                                         const IpAddress& destination, std::uint32_t spi,
                                                         std::uint32_t mark) = 0;

    [[nodiscard]] virtual Status add_route(const Route& route) = 0;
    virtual void remove_route(const Route& route) = 0;
    // Pins the way to `peer` as it is now by a host route, so that a route into the tunnel cannot swallow the
    // tunnel itself. Undone by unpin_path.
    [[nodiscard]] virtual Status pin_path(const IpAddress& peer) = 0;
    virtual void unpin_path(const IpAddress& peer) = 0;
    // The address that packets to `peer` leave from.
    [[nodiscard]] virtual Result<IpAddress> source_address(const IpAddress& peer) = 0;
    // Octets; the MTU of the way to `peer`.
    [[nodiscard]] virtual Result<std::uint32_t> path_mtu(const IpAddress& peer) = 0;
    // The MTU of a PPP link in octets, and with it the largest MSS of TCP that is forwarded through it, both
    // ways. A failure is logged.
    virtual void fit_link(const std::string& interface, std::uint16_t mtu) = 0;
    virtual void forget_link(const std::string& interface) = 0;
};

// ---- Ppp: pppd through our plugin

using PppId = Id<struct PppTag>;

enum class AuthMethod { pap, chap_md5, mschap_v2 };

struct PppSpec {
    std::string name;  // for messages: "lac/branch"
    bool server = false;
    std::vector<AuthMethod> auth;              // server: what the peer may log in with; empty: no login
    std::string user;                          // client
    Secret password;                           // client
    std::uint16_t mtu = 1400;                  // both MTU and MRU, octets
    std::optional<IpAddress> local_address;    // server: ours
    std::vector<IpAddress> dns;                // server: at most two are told to the peer
    bool want_dns = false;                     // client: ask for DNS servers
    Duration lcp_echo_interval = seconds(30);  // zero: none
    unsigned lcp_echo_failures = 4;
};

// What a peer claims; the answer goes to Ppp::answer_login.
struct LoginRequest {
    AuthMethod method = AuthMethod::pap;
    std::string user;
    Secret password;              // PAP
    std::uint8_t identifier = 0;  // CHAP
    Bytes challenge;              // CHAP-MD5: as sent; MS-CHAPv2: 16 octets
    Bytes response;               // CHAP-MD5: 16 octets; MS-CHAPv2: 49 octets (RFC 2759 4)
};
struct LoginVerdict {
    bool accepted = false;
    std::string message;  // to the peer: PAP/CHAP message; MS-CHAPv2: "S=... M=..." or "E=..."
    std::optional<IpAddress> peer_address;  // the address that IPCP must agree on
};

class Ppp {
public:
    virtual ~Ppp() = default;
    [[nodiscard]] virtual Result<PppId> start(const PppSpec& spec, UniqueFd pppox) = 0;
    // Asks pppd to end (LCP Terminate); PppExited follows in any case.
    virtual void stop(PppId ppp) = 0;
    virtual void answer_login(PppId ppp, const LoginVerdict& verdict) = 0;
    // For a peer that need not log in: the address, when the plugin asks.
    virtual void answer_address(PppId ppp, std::optional<IpAddress> address) = 0;
};

enum class PppPhase { starting, lcp, authenticate, network, running, terminate };
[[nodiscard]] constexpr std::string_view name_of(PppPhase phase) {
    switch (phase) {
        case PppPhase::starting: return "starting";
        case PppPhase::lcp: return "lcp";
        case PppPhase::authenticate: return "authenticate";
        case PppPhase::network: return "network";
        case PppPhase::running: return "running";
        case PppPhase::terminate: return "terminate";
    }
    return "";
}

struct PppPhaseChanged {
    PppId ppp;
    PppPhase phase = PppPhase::starting;
};
struct PppLoginRequested {
    PppId ppp;
    LoginRequest request;
};
struct PppAddressRequested {
    PppId ppp;
};
struct PppUp {
    PppId ppp;
    std::string interface;
    IpAddress local, remote;
    std::vector<IpAddress> dns;  // client: what the peer told
    std::uint16_t mtu = 0;
};
struct EchoCounters {
    std::uint64_t sent = 0, received = 0;  // LCP Echo-Requests of ours, and how many were answered
};
struct PppEchoed {
    PppId ppp;
    EchoCounters echo;  // since the link began
};
struct PppExited {
    PppId ppp;
    enum class Cause {
        stopped,            // told to
        peer_terminated,    // LCP Terminate-Request
        auth_failed,        // the peer refused our login
        auth_refused_peer,  // we refused the peer's
        auth_timeout,       // a login was not answered, or did not come
        auth_method,        // the peer would not log in by any method that is allowed
        echo_lost,
        silent,       // no PPP frame came
        negotiation,  // no agreement; `protocol`: LCP's or IPCP's
        network_timeout,
        no_network,  // the peer rejected IPCP
        no_address,  // there was none for the peer
        lost,        // the kernel's channel went away
        error
    };
    Cause cause = Cause::error;
    std::string message;         // what pppd or the peer said; printable
    std::uint16_t protocol = 0;  // PPP's number of the protocol that failed, 0xc223 for CHAP; 0: none
};

// ---- Resolver

class Resolver {
public:
    virtual ~Resolver() = default;
    // Ends in a Resolved with the same tag; a literal address too.
    virtual void resolve(std::uint64_t tag, const std::string& host) = 0;
};

struct Resolved {
    std::uint64_t tag = 0;
    Result<std::vector<IpAddress>> addresses;
};

// ---- all together

struct Ports {
    Ipsec& ipsec;
    Datagrams& datagrams;
    Kernel& kernel;
    Ppp& ppp;
    Resolver& resolver;
    Random& random;
};

using Event = std::variant<IpsecReady, IpsecLost, IpsecLoaded, IpsecIkeUp, IpsecUp, IpsecChanged, IpsecDown,
                           IpsecFailed, IpsecRefused, DatagramReceived, PppPhaseChanged, PppLoginRequested,
                           PppAddressRequested, PppUp, PppEchoed, PppExited, Resolved>;

}  // namespace keel
