#include "linux/pppd_wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/printable.hpp"
#include "pppd-plugin/wire.h"

namespace keel::pppd_wire {
namespace {

keel_bytes view(ByteView bytes) {
    return {bytes.data(), bytes.size()};
}
ByteView view(const keel_bytes& bytes) {
    return {bytes.data, bytes.size};
}

// pppd's buffers are C strings.
std::string text_of(const keel_bytes& bytes) {
    return std::string(as_text(view(bytes)));
}

std::uint32_t address_of(const std::optional<IpAddress>& address) {
    return address && address->is_v4() ? address->v4_value() : 0;
}

std::uint8_t method_code(AuthMethod method) {
    switch (method) {
        case AuthMethod::pap: return KEEL_PAP;
        case AuthMethod::chap_md5: return KEEL_CHAP_MD5;
        case AuthMethod::mschap_v2: return KEEL_MSCHAP_V2;
    }
    std::abort();
}

PppPhase phase_of(std::uint8_t value) {
    switch (value) {
        case KEEL_PHASE_LCP: return PppPhase::lcp;
        case KEEL_PHASE_AUTHENTICATE: return PppPhase::authenticate;
        case KEEL_PHASE_NETWORK: return PppPhase::network;
        case KEEL_PHASE_RUNNING: return PppPhase::running;
        case KEEL_PHASE_TERMINATE: return PppPhase::terminate;
        default: return PppPhase::starting;  // the codec lets no other value through
    }
}

PppExited::Cause cause_of(std::uint8_t value) {
    switch (value) {
        case KEEL_CAUSE_STOPPED: return PppExited::Cause::stopped;
        case KEEL_CAUSE_PEER_TERMINATED: return PppExited::Cause::peer_terminated;
        case KEEL_CAUSE_AUTH_FAILED: return PppExited::Cause::auth_failed;
        case KEEL_CAUSE_AUTH_REFUSED_PEER: return PppExited::Cause::auth_refused_peer;
        case KEEL_CAUSE_ECHO_LOST: return PppExited::Cause::echo_lost;
        case KEEL_CAUSE_NEGOTIATION: return PppExited::Cause::negotiation;
        case KEEL_CAUSE_LOST: return PppExited::Cause::lost;
        case KEEL_CAUSE_SILENT: return PppExited::Cause::silent;
        case KEEL_CAUSE_AUTH_TIMEOUT: return PppExited::Cause::auth_timeout;
        case KEEL_CAUSE_AUTH_METHOD: return PppExited::Cause::auth_method;
        case KEEL_CAUSE_NETWORK_TIMEOUT: return PppExited::Cause::network_timeout;
        case KEEL_CAUSE_NO_NETWORK: return PppExited::Cause::no_network;
        case KEEL_CAUSE_NO_ADDRESS: return PppExited::Cause::no_address;
        default: return PppExited::Cause::error;
    }
}

std::optional<Frame> login_of(const keel_frame& frame) {
    const keel_login& in = frame.as.login;
    Login out{frame.request, {}};
    out.login.user = text_of(in.user);
    out.login.identifier = in.identifier;
    const bool chap = in.method != KEEL_PAP;
    if (chap != (in.challenge.size > 0) || chap != (in.response.size > 0)) return std::nullopt;
    if (chap && in.password.size > 0) return std::nullopt;
    if (in.method == KEEL_PAP) {
        out.login.method = AuthMethod::pap;
        out.login.password = Secret(view(in.password));
    } else if (in.method == KEEL_CHAP_MD5) {
        out.login.method = AuthMethod::chap_md5;
        if (in.response.size != 16) return std::nullopt;
    } else {
        out.login.method = AuthMethod::mschap_v2;
        if (in.challenge.size != 16 || in.response.size != 49) return std::nullopt;
    }
    const auto challenge = view(in.challenge), response = view(in.response);
    out.login.challenge.assign(challenge.begin(), challenge.end());
    out.login.response.assign(response.begin(), response.end());
    return out;
}

std::optional<Frame> ip_up_of(const keel_ip_up& in) {
    IpUp out;
    out.up.interface = text_of(in.interface_name);
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_' || c == '.';
    };
    if (out.up.interface.empty() || !std::ranges::all_of(out.up.interface, allowed)) return std::nullopt;
    out.up.local = IpAddress::v4(in.local);
    out.up.remote = IpAddress::v4(in.remote);
    for (const std::uint32_t server : {in.dns1, in.dns2})
        if (server != 0) out.up.dns.push_back(IpAddress::v4(server));
    out.up.mtu = in.mtu;
    return out;
}

Bytes encode(const keel_frame& frame) {
    std::array<std::uint8_t, KEEL_WIRE_MAX_FRAME> buffer{};
    const std::size_t size = keel_wire_encode(&frame, buffer.data(), buffer.size());
    Bytes out(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
    wipe(buffer.data(), buffer.size());
    return out;
}

}  // namespace

std::optional<Frame> decode(ByteView datagram) {
    keel_frame frame{};
    if (!keel_wire_decode(datagram.data(), datagram.size(), &frame)) return std::nullopt;
    switch (frame.type) {
        case KEEL_HELLO:
            return Hello{frame.request, printable(text_of(frame.as.hello.pppd_version)), frame.as.hello.pid};
        case KEEL_LOGIN: return login_of(frame);
        case KEEL_ADDRESS_REQUEST: return AddressRequest{frame.request};
        case KEEL_PHASE: return Phase{phase_of(frame.as.phase.phase)};
        case KEEL_IP_UP: return ip_up_of(frame.as.ip_up);
        case KEEL_IP_DOWN: return IpDown{};
        case KEEL_ECHO: return Echo{frame.as.echo.sent, frame.as.echo.received};
        case KEEL_EXIT:
            return Exit{frame.as.exit.status, cause_of(frame.as.exit.cause),
                        printable(text_of(frame.as.exit.message)), frame.as.exit.protocol};
        default: return std::nullopt;  // the controller's own: WORK, VERDICT, ADDRESS
    }
}

Status check(const PppSpec& spec) {
    const auto refuse = [&](const std::string& what, std::string remedy) {
        return fail(ErrorCode::invalid, fmt::format("{}: {}", spec.name, what), std::move(remedy));
    };
    const auto no_nul = [](ByteView bytes) { return std::ranges::find(bytes, 0) == bytes.end(); };
    if (spec.mtu < 128 || spec.mtu > 16384)
        return refuse(fmt::format("PPP cannot have an MTU of {}", spec.mtu),
                      "give one of 128 to 16384 octets");
    if (spec.user.size() > KEEL_MAX_NAME || !no_nul(as_bytes(spec.user)))
        return refuse("pppd cannot take this user name", "give one of at most 255 octets");
    if (spec.password.reveal().size() > KEEL_MAX_SECRET || !no_nul(spec.password.reveal()))
        return refuse("pppd cannot take this password", "give one of at most 255 octets");
    if (spec.auth.size() > KEEL_MAX_METHODS)
        return refuse("too many authentication methods", "name each once");
    if (spec.server && address_of(spec.local_address) == 0)
        return refuse("a PPP server needs an IPv4 address of its own", "give it a local address");
    if (!std::ranges::all_of(spec.dns, &IpAddress::is_v4))
        return refuse("IPCP can only tell IPv4 DNS servers", "leave the others out");
    if (std::chrono::duration_cast<seconds>(spec.lcp_echo_interval).count() > 65535 ||
        spec.lcp_echo_failures > 65535)
        return refuse("the LCP echo settings are out of range", "give at most 65535");
    return {};
}

Bytes encode_work(std::uint32_t request, const PppSpec& spec, bool die_with_controller) {
    keel_frame frame{};
    frame.type = KEEL_WORK;
    frame.request = request;
    keel_work& work = frame.as.work;
    Bytes methods;
    std::ranges::transform(spec.auth, std::back_inserter(methods), method_code);
    work.role = spec.server ? KEEL_SERVER : KEEL_CLIENT;
    if (spec.server) {
        work.methods = view(methods);
        work.local = address_of(spec.local_address);
        if (!spec.dns.empty()) work.dns1 = spec.dns[0].v4_value();
        if (spec.dns.size() > 1) work.dns2 = spec.dns[1].v4_value();
    } else {
        work.user = view(as_bytes(spec.user));
        work.secret = view(spec.password.reveal());
    }
    work.mtu = work.mru = spec.mtu;
    // A fraction of a second counts as a whole one: zero means no echo at all.
    work.echo_interval =
        static_cast<std::uint16_t>(std::chrono::ceil<seconds>(spec.lcp_echo_interval).count());
    work.echo_failures = static_cast<std::uint16_t>(spec.lcp_echo_failures);
    if (die_with_controller) work.flags |= KEEL_WORK_DIE_WITH_CONTROLLER;
    if (!spec.server && spec.want_dns) work.flags |= KEEL_WORK_WANT_DNS;
    return encode(frame);
}

Bytes encode_verdict(std::uint32_t request, const LoginVerdict& verdict) {
    keel_frame frame{};
    frame.type = KEEL_VERDICT;
    frame.request = request;
    frame.as.verdict.accepted = verdict.accepted;
    frame.as.verdict.message = view(
        as_bytes(verdict.message).first(std::min<std::size_t>(verdict.message.size(), KEEL_MAX_MESSAGE)));
    frame.as.verdict.address = address_of(verdict.peer_address);
    return encode(frame);
}

Bytes encode_address(std::uint32_t request, const std::optional<IpAddress>& address) {
    keel_frame frame{};
    frame.type = KEEL_ADDRESS;
    frame.request = request;
    frame.as.address.address = address_of(address);
    return encode(frame);
}

}  // namespace keel::pppd_wire
