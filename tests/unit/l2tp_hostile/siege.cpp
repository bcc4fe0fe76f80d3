#include "unit/l2tp_hostile/siege.hpp"

#include <algorithm>
#include <stdexcept>

#include "l2tp/auth.hpp"
#include "l2tp/header.hpp"
#include "l2tp/message.hpp"

namespace keel::l2tp::test {

namespace {

const IpAddress kLns = IpAddress::v4(0xc0000201);  // 192.0.2.1
constexpr std::uint32_t kPeers = 0x0a000000;       // 10.0.0.0/8
constexpr std::uint32_t kStrangers = 0xac100000;   // 172.16.0.0/12
constexpr std::uint32_t kWithSecret = 0xc6336407;  // 198.51.100.7
constexpr std::uint32_t kBinding = 7;              // the SA of all that is right

Secret shared_secret() {
    return Secret(std::string_view("shared"));
}

EndpointConfig lns_config() {
    EndpointConfig config;
    config.incoming = [](const Path& path, std::string_view) {
        return path.remote.ip == IpAddress::v4(kWithSecret) ? Incoming(shared_secret()) : Incoming();
    };
    return config;
}

Path lac_path(const Path& lns_path) {
    return {lns_path.remote.ip, {lns_path.local, 1701}, kBinding};
}

Bytes numbered(Bytes message, std::uint16_t ns, std::uint16_t nr) {
    set_sequence(message, ns, nr);
    return message;
}

Bytes zlb_to(LocalTunnelId tunnel, std::uint16_t ns, std::uint16_t nr) {
    Writer out;
    write_header(out, {static_cast<std::uint16_t>(tunnel.value), 0, ns, nr});
    finish_message(out);
    return out.take();
}

template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().text());
    return *result;
}

}  // namespace

std::string_view name_of(Attack attack) {
    switch (attack) {
        case Attack::garbage: return "garbage";
        case Attack::headers: return "garbage behind a header";
        case Attack::truncated: return "truncated";
        case Attack::mutated: return "mutated, other source";
        case Attack::sccrq_spoofed: return "SCCRQ, many sources";
        case Attack::sccrq_one: return "SCCRQ, one source";
        case Attack::sccrq_hidden: return "SCCRQ, hidden AVPs";
        case Attack::sccrq_unproved: return "SCCRQ, Challenge";
        case Attack::replayed: return "replayed";
        case Attack::wrong_address: return "wrong address";
        case Attack::wrong_binding: return "wrong SA";
        case Attack::forged_end: return "forged StopCCN, CDN";
        case Attack::out_of_window: return "Ns, Nr out of window";
        case Attack::zlb: return "ZLB storm";
    }
    return "";
}

Siege::Siege(std::uint32_t tunnels, std::uint64_t seed)
    : engine_(seed),
      lac_random_(seed * 2 + 1),
      lns_random_(seed * 2 + 2),
      lac_({}, lac_random_),
      lns_(lns_config(), lns_random_) {
    for (std::uint32_t i = 0; i < tunnels; ++i) {
        advance(now_ + milliseconds(10));
        Call call;
        call.path = {kLns, {IpAddress::v4(kPeers + i), 1701}, kBinding};
        calls_.push_back(call);
        calls_.back().lac = must(lac_.open_tunnel(now_, lac_path(call.path)));
        pump();
        calls_.back().lac_session = must(lac_.open_session(now_, calls_.back().lac));
        pump();
    }
    pass(seconds(61));  // HELLOs are captured too
    capturing_ = false;
    for (Call& call : calls_) {
        call.lns = LocalTunnelId(lac_.tunnel_status(call.lac)->peer_tunnel.value);
        call.lns_session =
            LocalSessionId(lac_.session_status(call.lac, call.lac_session)->peer_session.value);
    }
}

std::uint32_t Siege::below(std::size_t limit) {
    return static_cast<std::uint32_t>(engine_() % limit);
}

Path Siege::stranger() {
    return {kLns,
            {IpAddress::v4(kStrangers + below(1U << 20U)), static_cast<std::uint16_t>(1024 + below(60'000))},
            kBinding};
}

Bytes Siege::forged(const Call& call) {
    const auto tunnel = static_cast<std::uint16_t>(call.lns.value);
    const auto session = static_cast<std::uint16_t>(call.lns_session.value);
    const TunnelStatus status = *lns_.tunnel_status(call.lns);
    const ResultCode result{1, 0, "forged"};
    Bytes message;
    switch (below(4)) {
        case 0: message = encode_message(tunnel, 0, Stopccn{1, result}); break;
        case 1: message = encode_message(tunnel, session, Cdn{result, 1, {}, {}}); break;
        case 2: message = encode_message(tunnel, 0, Hello{}); break;
        default: message = encode_message(tunnel, 0, Icrq{.assigned_session_id = 9}); break;
    }
    return numbered(std::move(message), status.nr, status.ns);
}

Bytes Siege::out_of_window(const Call& call) {
    const TunnelStatus status = *lns_.tunnel_status(call.lns);
    const auto tunnel = static_cast<std::uint16_t>(call.lns.value);
    const Bytes stop = encode_message(tunnel, 0, Stopccn{1, {1, 0, ""}});
    const auto far = static_cast<std::uint16_t>(8 + below(20'000));
    // Beyond our window; or it acknowledges what was never sent.
    if (below(2) == 0) return numbered(stop, static_cast<std::uint16_t>(status.nr + far), status.ns);
    return numbered(stop, status.nr, static_cast<std::uint16_t>(status.ns + far));
}

Siege::Datagram Siege::sccrq(Attack kind) {
    Sccrq message;
    message.host_name = "flood";
    message.assigned_tunnel_id = static_cast<std::uint16_t>(1 + below(65'535));
    message.vendor_name = Bytes(24, 'v');
    message.receive_window_size = 4;
    message.firmware_revision = 1;
    message.bearer_capabilities = 0;
    Path path = stranger();
    if (kind == Attack::sccrq_one) path.remote.ip = IpAddress::v4(kStrangers);
    if (kind == Attack::sccrq_unproved) message.challenge = "prove yourself";
    if (kind != Attack::sccrq_hidden) return {path, encode_message(0, 0, message)};

    path.remote.ip = IpAddress::v4(kWithSecret);
    const Hiding hiding{shared_secret(), lac_random_};
    Bytes bytes = encode_message(0, 0, message, &hiding);
    // The inner length is under the first octets of each hidden value: any change there makes it a hostile
    // one.
    for (std::size_t at = kControlHeaderSize; at + 7 < bytes.size();) {
        const std::size_t length = (bytes[at] & 3U) << 8U | bytes[at + 1];
        if ((bytes[at] & 0x40U) != 0) {
            bytes[at + 6] = static_cast<std::uint8_t>(engine_());
            bytes[at + 7] = static_cast<std::uint8_t>(engine_());
        }
        at += length;
    }
    return {path, std::move(bytes)};
}

Siege::Datagram Siege::make(Attack kind) {
    const Call& call = calls_[below(calls_.size())];
    const auto from_captured = [&] { return captured_[below(captured_.size())]; };
    const auto scribble = [&](Bytes& bytes, std::size_t from) {
        for (std::size_t i = from; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(engine_());
    };
    switch (kind) {
        case Attack::garbage: {
            Bytes bytes(1 + below(200));
            scribble(bytes, 0);
            return {stranger(), std::move(bytes)};
        }
        case Attack::headers: {
            Bytes bytes = zlb_to({}, 0, 0);
            bytes.resize(13 + below(200));
            scribble(bytes, 12);
            bytes[3] = static_cast<std::uint8_t>(bytes.size());
            if (below(2) == 0 && bytes.size() > 17) bytes[17] = 8, bytes[12] = 0x80, bytes[13] = 8;
            return {stranger(), std::move(bytes)};
        }
        case Attack::truncated: {
            Datagram out = from_captured();
            out.bytes.resize(below(out.bytes.size()));
            return out;
        }
        case Attack::mutated: {
            Datagram out = from_captured();
            for (std::uint32_t i = 0; i <= below(4); ++i) {
                out.bytes[below(out.bytes.size())] = static_cast<std::uint8_t>(engine_());
            }
            out.path = stranger();
            return out;
        }
        case Attack::sccrq_spoofed:
        case Attack::sccrq_one:
        case Attack::sccrq_hidden:
        case Attack::sccrq_unproved: return sccrq(kind);
        case Attack::replayed: return from_captured();
        case Attack::wrong_address:
        case Attack::forged_end: return {stranger(), forged(call)};
        case Attack::wrong_binding: return {{call.path.local, call.path.remote, kBinding + 1}, forged(call)};
        case Attack::out_of_window: return {call.path, out_of_window(call)};
        case Attack::zlb: {
            const TunnelStatus status = *lns_.tunnel_status(call.lns);
            return {call.path, zlb_to(call.lns, status.nr, status.ns)};
        }
    }
    return {};
}

Tally Siege::attack(Attack kind, std::uint64_t packets, Duration gap, Clock clock) {
    constexpr std::size_t kBatch = 256;  // made before, so that the clock does not count their making
    Tally tally;
    std::vector<Datagram> batch;
    std::vector<Output> outputs;
    while (tally.packets < packets) {
        batch.clear();
        while (batch.size() < std::min<std::uint64_t>(kBatch, packets - tally.packets)) {
            batch.push_back(make(kind));
        }
        const double began = clock == nullptr ? 0 : clock();
        for (const Datagram& datagram : batch) {
            now_ += gap;
            lns_.receive(now_, datagram.path, datagram.bytes);
            ++tally.packets;
            tally.octets += datagram.bytes.size();
            while (auto output = lns_.poll_output()) outputs.push_back(std::move(*output));
        }
        if (clock != nullptr) tally.seconds += clock() - began;
        for (const Output& output : outputs) handle(output, &tally);
        outputs.clear();
        advance(now_, &tally);
    }
    return tally;
}

void Siege::pass(Duration time, Tally* tally) {
    advance(now_ + time, tally);
}

void Siege::advance(Time until, Tally* tally) {
    pump(tally);
    for (;;) {
        const auto lac = lac_.next_timeout(), lns = lns_.next_timeout();
        const auto next = !lac ? lns : !lns ? lac : std::min(*lac, *lns);
        if (!next || *next > until) break;
        lac_.on_timeout(*next);
        lns_.on_timeout(*next);
        now_ = std::max(now_, *next);
        pump(tally);
    }
    now_ = std::max(now_, until);
}

void Siege::pump(Tally* tally) {
    while (take_lac() || take_lns(tally)) {
    }
}

bool Siege::take_lac() {
    bool any = false;
    while (const auto output = lac_.poll_output()) {
        any = true;
        if (const auto* send = std::get_if<Send>(&*output)) {
            const Path path{send->path.remote.ip, {send->path.local, 1701}, kBinding};
            if (capturing_) captured_.push_back({path, send->datagram});
            lns_.receive(now_, path, send->datagram);
        }
    }
    return any;
}

bool Siege::take_lns(Tally* tally) {
    bool any = false;
    while (const auto output = lns_.poll_output()) {
        any = true;
        handle(*output, tally);
    }
    return any;
}

// As a server that knows nobody accepts everybody.
void Siege::handle(const Output& output, Tally* tally) {
    if (const auto* tunnel = std::get_if<TunnelOffered>(&output)) {
        static_cast<void>(lns_.accept_tunnel(now_, tunnel->tunnel));
    } else if (const auto* session = std::get_if<SessionOffered>(&output)) {
        static_cast<void>(lns_.accept_session(now_, session->tunnel, session->session));
    } else if (const auto* send = std::get_if<Send>(&output)) {
        if (tally != nullptr) ++tally->answers, tally->answer_octets += send->datagram.size();
        const std::uint32_t remote = send->path.remote.ip.v4_value();
        if (remote >= kPeers && remote < kPeers + calls_.size()) {
            lac_.receive(now_, lac_path(send->path), send->datagram);
        } else if (!send->tunnel) {
            note_refusal(send->datagram);
        }
    }
}

void Siege::note_refusal(ByteView datagram) {
    const auto message = decode_message(read_datagram(datagram).body);
    if (!message || !std::holds_alternative<Stopccn>(*message)) return;
    ++refusals_;
    last_result_ = std::get<Stopccn>(*message).result.result;
    last_error_ = std::get<Stopccn>(*message).result.error.value_or(0);
}

std::size_t Siege::tunnels_up() const {
    return static_cast<std::size_t>(std::ranges::count_if(calls_, [&](const Call& call) {
        const auto ours = lns_.tunnel_status(call.lns), peers = lac_.tunnel_status(call.lac);
        return ours && peers && ours->state == TunnelState::established &&
               peers->state == TunnelState::established;
    }));
}

std::size_t Siege::sessions_up() const {
    return static_cast<std::size_t>(std::ranges::count_if(calls_, [&](const Call& call) {
        const auto ours = lns_.session_status(call.lns, call.lns_session),
                   peers = lac_.session_status(call.lac, call.lac_session);
        return ours && peers && ours->state == SessionState::established &&
               peers->state == SessionState::established;
    }));
}

std::size_t Siege::new_sessions(std::size_t step) {
    std::size_t up = 0;
    for (std::size_t i = 0; i < calls_.size(); i += step) {
        const auto session = lac_.open_session(now_, calls_[i].lac);
        if (!session) continue;
        pump();
        const auto peers = lac_.session_status(calls_[i].lac, *session);
        if (!peers || peers->state != SessionState::established) continue;
        const auto ours = lns_.session_status(calls_[i].lns, LocalSessionId(peers->peer_session.value));
        if (ours && ours->state == SessionState::established) ++up;
    }
    return up;
}

}  // namespace keel::l2tp::test
