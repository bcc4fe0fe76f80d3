// Endpoint: the L2TP control protocol of one host, for all its tunnels; pure: datagrams and time in, outputs
// out. It demultiplexes by tunnel id, owns every tunnel and session machine, and tells the next time it wants
// to be called. Owner: lifecycle::Orchestrator, which gives it datagrams and carries out its outputs.
//
// The order of use, always: one input (receive, on_timeout or a command), then poll_output() until it is
// empty, then next_timeout().
//
// What can be relied on:
//  - Every tunnel (from open_tunnel or TunnelOffered on) ends with one TunnelDown and then one TunnelGone,
//    whoever ended it and by whatever command; before its TunnelDown every session of it has had its
//    SessionDown.
//  - Every session (from open_session or SessionOffered on) ends with one SessionDown. If we sent the CDN,
//  its
//    id stays taken until the peer acknowledged that.
//  - The id of a tunnel or session that is gone rests for 31 s, one retransmission cycle, before it is given
//  to
//    another, whoever ended it: late packets must not reach the next one. At most 16,384 ids of either kind
//    rest; beyond that, or when every other id is taken, the one that rested longest is given back early.
//  - A message is given up, and its tunnel with it (TunnelDown, timeout), one retransmission cycle after it
//    was first sent: the sum of min(retransmit_initial * 2^i, retransmit_cap) for i = 0..retransmit_limit,
//    31 s by default. A peer that falls silent on an idle tunnel is therefore noticed hello_interval + one
//    cycle after the last control message that came from it; sooner, if something was waiting for its
//    acknowledgement.
//  - TunnelGone comes, after our StopCCN, when the peer acknowledged it, or after one cycle; after the peer's
//    StopCCN, 31 s later (5.7), while its retransmissions are still acknowledged; after a timeout or
//    abandon_tunnel, at once.
//  - A set-up that the peer acknowledges but does not carry on with is ended after 120 s (TunnelDown or
//    SessionDown, timeout). What waits for accept_* or reject_* waits without limit.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/id.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "l2tp/avp_values.hpp"
#include "l2tp/quirks.hpp"

namespace keel::l2tp {

// Where a control connection runs. `binding` is opaque here: the mark of the SA under which the datagrams
// come (0: without IPsec). Two peers behind one NAT may be alike in all but the binding.
struct Path {
    IpAddress local;
    SocketAddress remote;
    std::uint32_t binding = 0;

    auto operator<=>(const Path&) const = default;
};

// What must be known of a peer before its SCCRQ can be read.
struct Incoming {
    Secret secret;  // empty: an SCCRQ with a Challenge is refused by StopCCN 4
    Quirks quirks;

    Incoming(Secret secret_ = {}, Quirks quirks_ = {}) : secret(std::move(secret_)), quirks(quirks_) {}
};

// What we say of ourselves and how patient we are; a tunnel may differ (TunnelOptions).
struct EndpointConfig {
    std::string host_name = "keel2tp";         // Host Name AVP, 4.4.3
    std::string vendor_name = "keel2tp";       // Vendor Name AVP, 4.4.3
    std::uint16_t receive_window = 8;          // messages, Receive Window Size AVP, 4.4.3
    Duration hello_interval = seconds(60);     // silence before a HELLO, 6.5; zero: no HELLO
    Duration retransmit_initial = seconds(1);  // 5.8
    Duration retransmit_cap = seconds(8);      // 5.8: no less than 8 s
    unsigned retransmit_limit = 5;             // transmissions after the first before the tunnel is given up
    std::size_t max_tunnels = 65535;
    std::size_t max_half_open = 1024;  // tunnels that peers began and did not complete
    // The same of one remote address; 0: a quarter of max_half_open. An SCCRQ beyond a cap is refused by
    // StopCCN 2, error 4, and costs no memory.
    std::size_t max_half_open_per_source = 0;
    // How we can place the outgoing calls that a peer asks for by OCRQ: kAnalogBearer, kDigitalBearer, Bearer
    // Capabilities AVP, 4.4.3; 0: not at all, an OCRQ is refused by CDN 5. A tunnel may differ.
    std::uint32_t bearer_capabilities = 0;
    // The secret and the quirks of a tunnel that a peer begins, by its path and its Host Name (as it came,
    // not printable): asked for each SCCRQ before anything of it is answered, because they may be needed to
    // read it (4.3). It must not call the Endpoint.
    std::function<Incoming(const Path& path, std::string_view host_name)> incoming = {};
};

// A tunnel may differ: a LAC notices a dead LNS by its own interval.
struct TunnelOptions {
    std::string host_name;  // empty: the endpoint's
    std::optional<Duration> hello_interval;
    // Shared with the peer: we then challenge it, and end the tunnel by StopCCN 4 when its answer is missing
    // or wrong; and its own Challenge is answered (5.1.1). With accept_tunnel, empty: that of
    // EndpointConfig::incoming.
    Secret secret = {};
    // Send a Tie Breaker (4.4.3): if the peer opens a tunnel to us while our SCCRQ is unanswered, one of the
    // two is kept, and the other ends (TunnelDown, collision) in silence.
    bool tie_breaker = true;
    // RFC 3308: the DSCP for the control connection. With open_tunnel: asked for, and TunnelUp tells what the
    // peer granted; with accept_tunnel: granted if the peer asked. Nothing is marked here: that is the
    // socket's business.
    std::optional<std::uint8_t> dscp = {};
    bool hide = false;                                      // with a secret: hide each AVP that may be, 4.3
    std::optional<std::uint32_t> bearer_capabilities = {};  // none: the endpoint's
    Quirks quirks = {};  // of the peer; with accept_tunnel, those of EndpointConfig::incoming count
    // 5.8, instead of the endpoint's. The time after which a silent peer is given up follows from them.
    std::optional<Duration> retransmit_initial = {};
    std::optional<unsigned> retransmit_limit = {};
};

// From a message's first transmission to giving the peer up: the full retransmission cycle of 5.7.
[[nodiscard]] Duration retransmission_cycle(Duration initial, unsigned limit);

// incoming_call: ICRQ, the LAC asks. outgoing_call: OCRQ, the LNS asks the LAC to dial.
enum class SessionKind { incoming_call, outgoing_call };

inline constexpr std::uint32_t kDigitalBearer = 1;  // 4.4.3, 4.4.4: the D bit
inline constexpr std::uint32_t kAnalogBearer = 2;   // the A bit

struct SessionOptions {
    SessionKind kind = SessionKind::incoming_call;
    std::uint32_t tx_speed = 1'000'000'000;  // bit/s, (Tx) Connect Speed AVP, 4.4.4
    bool sequencing = false;                 // Sequencing Required AVP, 4.4.6
    std::optional<std::uint8_t> dscp = {};   // RFC 3308: asked for; SessionUp tells what was granted
    // Of an outgoing call only, 6.9:
    std::string called_number = {};
    std::string sub_address = {};
    std::uint32_t minimum_bps = 0;              // bit/s
    std::uint32_t maximum_bps = 1'000'000'000;  // bit/s
    std::uint32_t bearer_type = 0;              // bits as above; 0: any. The peer must have announced them.
};

// Why a tunnel or session ended, in words that an operator can read and in the RFC's codes.
struct DownReason {
    enum class Cause {
        local,        // a command of ours
        peer,         // StopCCN or CDN; the codes are the peer's
        timeout,      // the peer stopped acknowledging
        protocol,     // the peer broke the protocol; we sent the codes
        tunnel_down,  // the session's tunnel went
        collision,    // both ends asked for a tunnel at once, and the peer's is kept (4.4.3, Tie Breaker)
    };
    Cause cause = Cause::local;
    std::uint16_t result = 0;  // Result Code, 4.4.2; 0: none
    std::uint16_t error = 0;   // Error Code, 4.4.2; 0: none
    std::string message;       // the Error Message or our own words; printable UTF-8 or ASCII
    enum class Scope { tunnel, session };
    Scope scope = Scope::tunnel;          // whose codes these are: those of StopCCN or those of CDN
    std::vector<PppDisconnect> ppp = {};  // RFC 3145: what the CDN says, or shall say, of PPP's end
    [[nodiscard]] std::string text()
        const;  // "peer sent StopCCN: Requester is being shut down (result 6): ..."
};

// ---- outputs

struct Send {              // give the datagram to the tunnel's socket
    LocalTunnelId tunnel;  // 0: an answer that belongs to no tunnel; use the path
    Path path;
    Bytes datagram;
};
struct TunnelOffered {  // a peer's valid SCCRQ: answer with accept_tunnel or reject_tunnel
    LocalTunnelId tunnel;
    PeerTunnelId peer_tunnel;
    Path path;
    std::string host_name;
    std::string vendor_name;
    std::optional<std::uint8_t> dscp = {};  // asked for, RFC 3308
};
// An SCCRQ that was refused because the peer is not authorised (StopCCN 4): it has another tunnel secret,
// none, or one where we have none. The other refusals are counted only.
struct TunnelRefused {
    Path path;
    std::string host_name;  // printable
    DownReason reason;
};
struct TunnelPeerKnown {   // our SCCRQ was answered: SCCRP came, with the peer's id (and, by
    LocalTunnelId tunnel;  // RFC 2661 8.1, possibly from another port: `path` is where to send)
    PeerTunnelId peer_tunnel;
    Path path;
};
struct TunnelUp {
    LocalTunnelId tunnel;
    PeerTunnelId peer_tunnel;
    std::string host_name;
    std::string vendor_name;
    std::optional<std::uint8_t> dscp = {};  // agreed on, RFC 3308
};
// The tunnel is of no use any more, nor are its sessions (each has had its SessionDown before this). Its
// socket must stay until TunnelGone: StopCCN is still to be sent, retransmitted or acknowledged (5.7).
struct TunnelDown {
    LocalTunnelId tunnel;
    DownReason reason;
};
struct TunnelGone {
    LocalTunnelId tunnel;
};
struct SessionOffered {  // a peer's valid ICRQ: answer with accept_session or reject_session
    LocalTunnelId tunnel;
    LocalSessionId session;
    PeerSessionId peer_session;
    SessionKind kind;
    std::uint32_t call_serial = 0;
    std::string calling_number;  // this and what follows: printable, empty if not told
    std::string called_number = {};
    std::string sub_address = {};
    std::string access_line = {};  // RFC 5515, in words
    std::uint32_t bearer_type = 0;
    std::uint32_t minimum_bps = 0, maximum_bps = 0;  // outgoing_call only, bit/s
    std::optional<std::uint8_t> dscp = {};           // asked for, RFC 3308
};
struct SessionPeerKnown {  // our ICRQ or OCRQ was answered: the kernel session can be made
    LocalTunnelId tunnel;
    LocalSessionId session;
    PeerSessionId peer_session;
};
struct SessionUp {
    LocalTunnelId tunnel;
    LocalSessionId session;
    PeerSessionId peer_session;
    bool sequencing = false;                // data messages carry Ns/Nr
    std::optional<std::uint8_t> dscp = {};  // agreed on, RFC 3308
};
struct SessionDown {
    LocalTunnelId tunnel;
    LocalSessionId session;
    DownReason reason;
};

using Output = std::variant<Send, TunnelOffered, TunnelRefused, TunnelPeerKnown, TunnelUp, TunnelDown,
                            TunnelGone, SessionOffered, SessionPeerKnown, SessionUp, SessionDown>;

// ---- status

struct EndpointCounters {
    std::uint64_t received = 0;  // control datagrams given to receive()
    std::uint64_t sent = 0;
    std::uint64_t retransmitted = 0;
    std::uint64_t malformed = 0;  // dropped: not decodable
    std::uint64_t duplicates = 0;
    std::uint64_t unknown_tunnel = 0;  // dropped: a tunnel id that is not ours, or on a foreign path
    std::uint64_t refused = 0;         // SCCRQ beyond a cap
};

enum class TunnelState { idle, wait_offer, wait_ctl_reply, wait_ctl_conn, established, closing };
// wait_answer: we place an outgoing call (7.5.1 wait-cs-answer).
enum class SessionState {
    idle,
    wait_offer,
    wait_tunnel,
    wait_reply,
    wait_connect,
    wait_answer,
    established,
    closing
};

struct TunnelStatus {
    LocalTunnelId tunnel;
    PeerTunnelId peer_tunnel;
    Path path;
    TunnelState state = TunnelState::idle;
    std::string peer_host_name;
    std::string peer_vendor_name;
    bool authenticated =
        false;            // established, and the peer has proven that it has the tunnel's secret (5.1.1)
    bool hiding = false;  // what we send is hidden where it may be (4.3)
    std::optional<std::uint8_t> dscp = {};  // RFC 3308: as in TunnelUp
    Quirks quirks;
    std::uint16_t ns = 0, nr = 0;
    std::size_t unacknowledged = 0, queued = 0;
    std::uint64_t retransmitted = 0;
    std::size_t sessions = 0;
};

struct SessionStatus {
    LocalTunnelId tunnel;
    LocalSessionId session;
    PeerSessionId peer_session;
    SessionKind kind = SessionKind::incoming_call;
    SessionState state = SessionState::idle;
    bool sequencing = false;
    std::uint32_t tx_speed = 0, rx_speed = 0;  // bit/s, as the LAC sees them; 0: not told
    std::optional<CallErrors> call_errors;     // WEN, 6.13
    std::optional<Accm> accm;                  // SLI, 6.14
    std::optional<std::string> modem;          // RFC 3573: "on hold for at most 1 minute"
    std::vector<CallFact> facts;               // all that was told of the call, these three too
};

class Endpoint {
public:
    Endpoint(EndpointConfig config, Random& random);
    ~Endpoint();
    Endpoint(Endpoint&&) noexcept;
    Endpoint& operator=(Endpoint&&) noexcept;

    // ---- inputs
    void receive(Time now, const Path& path, ByteView datagram);
    void on_timeout(Time now);
    [[nodiscard]] std::optional<Time> next_timeout() const;
    [[nodiscard]] std::optional<Output> poll_output();

    // ---- commands: tunnels. An unknown id is an Error (not_found); a wrong state is an Error (invalid).
    [[nodiscard]] Result<LocalTunnelId> open_tunnel(Time now, const Path& path,
                                                    const TunnelOptions& options = {});
    // `options` are for this tunnel, as with open_tunnel.
    [[nodiscard]] Status accept_tunnel(Time now, LocalTunnelId tunnel, const TunnelOptions& options = {});
    [[nodiscard]] Status reject_tunnel(Time now, LocalTunnelId tunnel, std::uint16_t result,
                                       std::uint16_t error, std::string message);
    // Sends StopCCN; the sessions go with it. `result` as in 4.4.2 (6: being shut down).
    [[nodiscard]] Status close_tunnel(Time now, LocalTunnelId tunnel, std::uint16_t result = 6,
                                      std::string message = {});
    // Forgets the tunnel at once and sends nothing: its path is gone (the SA died).
    [[nodiscard]] Status abandon_tunnel(Time now, LocalTunnelId tunnel, std::string message);

    // ---- commands: sessions
    [[nodiscard]] Result<LocalSessionId> open_session(Time now, LocalTunnelId tunnel,
                                                      const SessionOptions& options = {});
    // `dscp`: granted, if the peer asked for one (RFC 3308).
    [[nodiscard]] Status accept_session(Time now, LocalTunnelId tunnel, LocalSessionId session,
                                        std::optional<std::uint8_t> dscp = {});
    [[nodiscard]] Status reject_session(Time now, LocalTunnelId tunnel, LocalSessionId session,
                                        std::uint16_t result, std::uint16_t error, std::string message);
    // Sends CDN. `result` as in 4.4.2 (3: administrative reasons); `ppp`: why PPP ended, RFC 3145.
    [[nodiscard]] Status close_session(Time now, LocalTunnelId tunnel, LocalSessionId session,
                                       std::uint16_t result = 3, std::string message = {},
                                       std::vector<PppDisconnect> ppp = {});
    // The outgoing call that we accepted and placed is answered: sends OCCN, and SessionUp follows. A call
    // that fails is ended by close_session (7: no carrier, 8: busy, 9: no dial tone, 10: too slow, 11: no
    // framing).
    [[nodiscard]] Status connect_session(Time now, LocalTunnelId tunnel, LocalSessionId session,
                                         std::uint32_t tx_speed, bool sequencing = false);
    // Of an established session: WEN (as LAC, 6.13) and SLI (as LNS, 6.14).
    [[nodiscard]] Status report_errors(Time now, LocalTunnelId tunnel, LocalSessionId session,
                                       const CallErrors& errors);
    [[nodiscard]] Status set_link_info(Time now, LocalTunnelId tunnel, LocalSessionId session,
                                       const Accm& accm);

    // ---- status
    [[nodiscard]] const EndpointCounters& counters() const;
    [[nodiscard]] std::optional<TunnelStatus> tunnel_status(LocalTunnelId tunnel) const;
    [[nodiscard]] std::optional<SessionStatus> session_status(LocalTunnelId tunnel,
                                                              LocalSessionId session) const;
    [[nodiscard]] std::size_t tunnel_count() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace keel::l2tp
