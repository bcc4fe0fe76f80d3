#include "healthy.hpp"

using namespace healthy;

namespace {

Facts with_module(auto spoil) {
    auto host = facts();
    spoil(host.kernel.modules.back());  // nft_xfrm, which only the kernel asks for
    return host;
}

Facts with_port(std::uint16_t port, const char* program, const char* address = "0.0.0.0") {
    auto host = facts();
    std::erase_if(host.services.ports, [&](const PortHolder& one) { return one.local.port == port; });
    PortHolder holder;
    holder.local = {*IpAddress::parse(address), port};
    holder.program = program;
    holder.pid = 7;
    host.services.ports.push_back(holder);
    return host;
}

}  // namespace

TEST_CASE("modules: missing, refused, blacklisted by alias or by name") {
    using State = ModuleFact::State;
    CHECK(has(only(with_module([](ModuleFact& one) { one.state = State::missing; }), "module-missing",
                   Severity::error)
                  .what,
              "nft_xfrm"));
    const auto blacklisted = [](ModuleFact& one) { one.blocked_by = "/etc/modprobe.d/x.conf"; };
    CHECK(only(with_module(blacklisted), "module-blacklisted", Severity::error).where ==
          "/etc/modprobe.d/x.conf");
    auto host = with_module(blacklisted);
    host.kernel.modules.back().by_name = true;
    only(host, "module-blacklisted", Severity::note);
    host.kernel.modules.back().refused = true;
    only(host, "module-blacklisted", Severity::error);
    host.kernel.modules.back().state = State::present;  // it is there already
    CHECK(found(host, "module-blacklisted").empty());
}

TEST_CASE("a kernel that lost its modules; one that takes no more of them") {
    auto host = facts();
    host.kernel.has_modules_directory = false;
    only(host, "modules-gone", Severity::error);
    host = facts();
    host.kernel.loading_disabled = true;
    only(host, "modules-disabled", Severity::error);
    for (ModuleFact& one : host.kernel.modules) one.state = ModuleFact::State::present;
    CHECK(exit_code(examine(host)) == 0);
}

TEST_CASE("what only IPsec needs is not asked for without it") {
    auto host = with_module([](ModuleFact& one) { one.state = ModuleFact::State::missing; });
    host.config.config->lns.front().ipsec.reset();
    host.charon = {};
    host.services.ports.clear();
    CHECK(exit_code(examine(host)) == 0);
}

TEST_CASE("a container without privileges") {
    auto host = facts();
    host.kernel.net_admin = false;
    only(host, "no-net-admin", Severity::error);
}

TEST_CASE("a kernel without SO_RCVMARK will do") {
    auto host = facts();
    host.kernel.receive_mark = fail(ErrorCode::unsupported, "SO_RCVMARK");
    only(host, "receive-mark-missing", Severity::note);
    host.kernel.receive_mark = fail(ErrorCode::denied, "SO_RCVMARK");
    only(host, "receive-mark-unchecked", Severity::note);
}

TEST_CASE("pppd, its plugin and its device") {
    const auto with = [](auto spoil) {
        auto host = facts();
        spoil(host.pppd);
        return host;
    };
    only(with([](PppdFacts& pppd) { pppd.device = Device::missing; }), "dev-ppp-missing", Severity::error);
    only(with([](PppdFacts& pppd) { pppd.device = Device::something_else; }), "dev-ppp-wrong",
         Severity::error);
    only(with([](PppdFacts& pppd) { pppd.has_etc_ppp = false; }), "etc-ppp-missing", Severity::error);
    only(with([](PppdFacts& pppd) { pppd.there = false; }), "pppd-missing", Severity::error);
    only(with([](PppdFacts& pppd) { pppd.plugin_there = false; }), "pppd-plugin-missing", Severity::error);
    only(with([](PppdFacts& pppd) { pppd.plugin_for.reset(); }), "pppd-plugin-foreign", Severity::error);
    const auto finding = only(with([](PppdFacts& pppd) { pppd.plugin_for = "2.5.2"; }), "pppd-plugin-version",
                              Severity::error);
    CHECK(has(finding.what, "2.5.2"));
    CHECK(has(finding.what, "2.4.9"));
    only(with([](PppdFacts& pppd) { pppd.version = fail(ErrorCode::timeout, "no answer", "look"); }),
         "pppd-broken", Severity::error);
    only(with([](PppdFacts& pppd) { pppd.version = fail(ErrorCode::denied, "pppd's version"); }),
         "pppd-version-unchecked", Severity::note);
}

TEST_CASE("charon: missing, hung, behind another socket, out of reach") {
    auto host = facts();
    host.services.ports.clear();
    host.services.ike_daemons.clear();
    host.charon.charon = fail(ErrorCode::unavailable, "no such file");
    only(host, "charon-missing", Severity::error);
    host.services.ike_daemons = {{"charon-systemd", 9}};
    CHECK(has(only(host, "charon-vici", Severity::error).what, "process 9"));
    host.charon.charon = fail(ErrorCode::timeout, "no answer");
    only(host, "charon-hangs", Severity::error);
    host.charon.charon = fail(ErrorCode::denied, "strongSwan's charon");
    only(host, "charon-unchecked", Severity::note);
}

TEST_CASE("charon: plugins in the way, what it lacks, whom else it serves") {
    const auto with = [](auto spoil) {
        auto host = facts();
        spoil(*host.charon.charon);
        return host;
    };
    only(with([](CharonFacts& charon) {
             charon.plugins = {"aes", "kernel-libipsec"};
         }),
         "charon-plugin", Severity::error);
    only(with([](CharonFacts& charon) { charon.plugins = {"connmark"}; }), "charon-plugin", Severity::note);
    const auto lack = [](bool fatal) {
        return [fatal](CharonFacts& charon) {
            charon.lacks = {{"lns/office", fatal, "no IKEv1", "build it in"}};
        };
    };
    only(with(lack(true)), "charon-lacks", Severity::error);
    only(with(lack(false)), "charon-lacks", Severity::warning);
    const auto old = only(with([](CharonFacts& charon) {
                              charon.foreign = std::vector{ForeignConnection{"L2TP-PSK", {}, {}}};
                          }),
                          "charon-foreign-l2tp", Severity::warning);
    CHECK(has(old.what, "L2TP-PSK"));
}

TEST_CASE("AppArmor lets charon have its usual socket only") {
    auto host = facts();
    host.charon.apparmor = "/usr/lib/ipsec/charon (enforce)";
    CHECK(exit_code(examine(host)) == 0);
    host.charon.socket = "/srv/charon.vici";
    only(host, "apparmor-charon", Severity::warning);
    host.charon.apparmor = "/usr/lib/ipsec/charon (complain)";
    CHECK(exit_code(examine(host)) == 0);
}

TEST_CASE("port 1701: another daemon, another address, ourselves, a tunnel of the dead, a client's host") {
    CHECK(
        has(only(with_port(1701, "xl2tpd"), "port-1701-taken", Severity::error).what, "xl2tpd (process 7)"));
    CHECK(exit_code(examine(with_port(1701, "xl2tpd", "198.51.100.9"))) == 0);
    CHECK(exit_code(examine(with_port(1701, "keel2tpd"))) == 0);
    auto host = with_port(1701, "");
    only(host, "port-1701-unchecked", Severity::note);
    host.services.ports.back().kernel = true;
    only(host, "port-1701-kernel", Severity::warning);
    host = facts(kClient);
    host.services.ports.push_back(with_port(1701, "xl2tpd").services.ports.back());
    only(host, "port-1701-taken", Severity::note);
}

TEST_CASE("ports 500 and 4500") {
    CHECK(only(with_port(500, "pluto"), "ike-port-taken", Severity::error).where == "udp 500");
    auto host = facts();
    host.services.ports.pop_back();
    CHECK(only(host, "ike-port-closed", Severity::error).where == "udp 4500");
}

TEST_CASE("without root nobody's name stands at ports 500 and 4500") {
    auto host = facts();
    for (PortHolder& holder : host.services.ports) holder.program.clear();
    host.services.ports.push_back(host.services.ports.front());  // IPv6
    CHECK(exit_code(examine(host)) == 0);
    CHECK(found(host, "port-500").size() == 1);  // charon answers
    host.charon.charon = fail(ErrorCode::denied, "strongSwan's charon");
    only(host, "port-500-unchecked", Severity::note);
    CHECK(found(host, "port-500").empty());
}

TEST_CASE("ports that tunnels share with everybody") {
    auto host = facts();
    host.services.reserved_ports = "\n";
    CHECK(has(only(host, "tunnel-ports-shared", Severity::note).what, "32768-39999"));
    host.services.reserved_ports = "1701,20000-33000,33001-39999\n";
    CHECK(found(host, "tunnel-ports-shared").empty());
    host.services.reserved_ports = "20000-38000";
    CHECK_FALSE(found(host, "tunnel-ports-shared").empty());
    host.services.first_local_port = 49152;
    CHECK(found(host, "tunnel-ports-shared").empty());
}

TEST_CASE("other daemons, now and after the next boot") {
    auto host = facts();
    host.services.l2tp_daemons = {{"accel-pppd", 5}};
    only(host, "l2tp-daemon", Severity::warning);
    host = facts();
    host.services.ike_daemons.push_back({"pluto", 6});
    only(host, "ike-daemon", Severity::error);
    host = facts();
    host.services.l2tp_units = {"xl2tpd.service"};
    only(host, "l2tp-daemon-enabled", Severity::warning);
    host = facts();
    host.services.ike_units = {"ipsec.service"};
    only(host, "ike-daemon-enabled", Severity::warning);
}

TEST_CASE("time and entropy") {
    auto host = facts();
    host.clock.now = 10;
    only(host, "clock-past", Severity::error);
    host = facts();
    host.clock.synchronised = false;
    only(host, "clock-unsynchronised", Severity::note);
    CertificateAuth certificate;
    host.config.config->lns.front().ipsec->auth = certificate;
    only(host, "clock-unsynchronised", Severity::warning);
    host = facts();
    host.clock.entropy_ready = false;
    only(host, "entropy", Severity::error);
}

TEST_CASE("the daemon: stopped, failed, hung, old, and what it says is down") {
    auto host = facts();
    host.daemon.version = fail(ErrorCode::unavailable, "nobody there");
    only(host, "daemon-stopped", Severity::note);
    host.services.own_unit.enabled = true;
    only(host, "daemon-stopped", Severity::warning);
    host.services.own_unit.failed = true;
    only(host, "daemon-failed", Severity::error);
    host.daemon.version = fail(ErrorCode::timeout, "no answer");
    only(host, "daemon-hangs", Severity::error);
    host.daemon.version = fail(ErrorCode::denied, "keel2tpd");
    only(host, "daemon-unchecked", Severity::note);
    host = facts();
    host.daemon.version = std::string("0.0.9");
    only(host, "daemon-version", Severity::warning);
    host = facts();
    host.daemon.down = {{"lac/branch", "ike", "the pre-shared keys differ", "check both"}};
    CHECK(only(host, "connection-down", Severity::error).where == "lac/branch");
    host = facts();
    host.daemon.refused_in_clear = 3;
    only(host, "refused-in-clear", Severity::note);
}
