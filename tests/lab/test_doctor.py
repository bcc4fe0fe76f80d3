"""keel2tp doctor: each cause is made on a host, and found; a healthy host has nothing serious said about it."""

import json

import pytest

from lablib import keel2tpd
from lablib.charon import Charon, swanctl_conf
from lablib.doctor import Diagnosis, examine, write_config
from lablib.hosts import INNER_LNS, LAC, LNS, ping
from lablib.keel2tpd import Keel2tpd
from lablib.wait import wait_for


@pytest.fixture
def host(lab):
    """A server's host with an address, a default route and forwarding, without charon."""
    node = lab.node("lns")
    lab.network().attach(node, LNS)
    node.run("ip", "route", "add", "default", "via", LAC)
    node.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    return node


def server_config(lab, node, listen: str = LNS, charon: dict | None = None, **options) -> str:
    return write_config(node, lab.build, lns={"office": keel2tpd.lns(node, listen, **options)}, charon=charon or {})


def client_config(lab, node, server: str = LNS, **options) -> str:
    return write_config(node, lab.build, lac={"branch": keel2tpd.lac(node, server, **options)})


def hide(node, directory: str) -> None:
    """Gives the node an empty directory of its own there."""
    node.run("mount", "-t", "tmpfs", "tmpfs", directory)


def nothing_serious(diagnosis: Diagnosis) -> None:
    assert diagnosis.code == 0 and not diagnosis.serious(), diagnosis.text


def test_a_healthy_host(hosts, lab):
    hosts.lns.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    server_file, client_file = server_config(lab, hosts.lns), client_config(lab, hosts.lac)
    before = examine(hosts.lns, lab.build, server_file)
    nothing_serious(before)
    assert "daemon-stopped" in before.ids("note")
    nothing_serious(examine(hosts.lac, lab.build, client_file))
    client, server = hosts.start_both()
    for node, file, daemon in ((hosts.lns, server_file, server), (hosts.lac, client_file, client)):
        running = examine(node, lab.build, file)
        nothing_serious(running)
        assert {"daemon", "charon", "charon-features", "port-1701", "port-500", "port-4500", "pppd", "dev-ppp",
                "modules", "firewall", "config"} <= running.ids("ok"), running.text
        assert "example" not in running.text and "wonderland" not in running.text
        daemon.wait_settled(sas=1)
    text = hosts.lns.run(lab.build / "orchestrator/cli/keel2tp", "doctor", "--config", server_file)
    assert "0 errors, 0 warnings" in text


def test_without_root_it_says_what_it_cannot_see(hosts, lab):
    hosts.lns.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    hosts.start_lns()
    config = server_config(lab, hosts.lns)
    blind = examine(hosts.lns, lab.build, config, uid=65534)
    nothing_serious(blind)
    assert {"config-unchecked", "pppd-unchecked"} <= blind.ids("note"), blind.text
    hosts.lns.path(config).chmod(0o644)  # but not its secrets
    diagnosis = examine(hosts.lns, lab.build, config, uid=65534)
    nothing_serious(diagnosis)
    assert not diagnosis.data["privileged"]
    assert {"secret-unchecked", "pppd-version-unchecked", "charon-unchecked", "firewall-unchecked",
            "daemon-unchecked"} <= diagnosis.ids("note"), diagnosis.text
    assert "as root" in diagnosis.said("firewall-unchecked")


def test_modules_that_may_not_be_loaded(lab, host):
    config = server_config(lab, host)
    hide(host, "/sys/module")  # nothing is loaded, as at boot
    hide(host, "/etc/modprobe.d")
    host.write("/etc/modprobe.d/hardening.conf", "install l2tp_ppp /bin/false\nblacklist nft_xfrm\nblacklist l2tp-netlink\n")
    diagnosis = examine(host, lab.build, config)
    blocked = {one["severity"]: one for one in diagnosis.data["findings"] if one["id"] == "module-blacklisted"
               and "l2tp_ppp" not in one["what"]}
    assert "nft_xfrm" in blocked["error"]["what"] and "l2tp_netlink" in blocked["note"]["what"]
    refused = next(one for one in diagnosis.data["findings"] if "l2tp_ppp" in one["what"])
    assert refused["severity"] == "error" and refused["where"] == "/etc/modprobe.d/hardening.conf"
    host.write("/etc/modprobe.d/hardening.conf", "")
    assert "module-blacklisted" not in examine(host, lab.build, config).ids()
    hide(host, "/lib/modules")
    assert "reboot" in examine(host, lab.build, config).said("modules-gone")


def test_pppd_its_plugin_and_its_device(lab, host):
    own = (lab.build / "pppd-plugin/keel2tp.so").read_bytes()
    marks = own.count(b"keel2tp-plugin pppd=2.4.9")
    other = host.path("/run/lab/other.so")
    other.write_bytes(own.replace(b"keel2tp-plugin pppd=2.4.9", b"keel2tp-plugin pppd=2.5.1"))
    assert marks, "the plugin's mark has another version: adapt this scenario"
    config = json.loads(host.path(server_config(lab, host)).read_text())

    def with_pppd(**options) -> Diagnosis:
        config["pppd"].update(options)
        return examine(host, lab.build, host.write("/run/lab/doctor.json", json.dumps(config), 0o600))

    said = with_pppd(plugin="/run/lab/other.so").said("pppd-plugin-version")
    assert "2.5.1" in said and "2.4.9" in said
    assert "pppd-plugin-foreign" in with_pppd(plugin="/etc/hostname").ids("error")
    assert "pppd-plugin-missing" in with_pppd(plugin="/run/lab/none.so").ids("error")
    assert "pppd-missing" in with_pppd(path="/run/lab/pppd").ids("error")
    host.write("/run/lab/hung", "#!/bin/sh\nexec sleep 1000\n", 0o755)
    assert "pppd-broken" in with_pppd(path="/run/lab/hung").ids("error")
    host.run("mount", "--bind", "/dev/null", "/dev/ppp")
    assert "dev-ppp-wrong" in with_pppd().ids("error")
    host.run("sh", "-ec", "mkdir /run/lab/dev; for one in null zero random urandom; do touch /run/lab/dev/$one;"
             "mount --bind /dev/$one /run/lab/dev/$one; done; mount --rbind /run/lab/dev /dev")
    assert "dev-ppp-missing" in with_pppd().ids("error")


def test_who_holds_the_ports(lab, host):
    config = server_config(lab, host)
    host.write("/run/lab/empty.conf", "[global]\n")
    host.start("xl2tpd", "xl2tpd", "-D", "-c", "/run/lab/empty.conf", "-p", "/run/lab/x.pid", "-C", "/run/lab/x.ctl")
    host.run("cp", "/usr/bin/python3", "/run/lab/pluto")
    host.start("pluto", "/run/lab/pluto", "-c", "import socket, time; s = socket.socket(type=socket.SOCK_DGRAM); "
               "s.bind(('', 500)); time.sleep(1000)")
    wait_for("both to listen", lambda: ":1701 " in (ss := host.run("ss", "-Hulna")) and ":500 " in ss)
    hide(host, "/etc/systemd/system")
    host.run("sh", "-ec", "mkdir -p /run/systemd/system /etc/systemd/system/multi-user.target.wants;"
             "ln -s /lib/systemd/system/xl2tpd.service /etc/systemd/system/multi-user.target.wants/")
    diagnosis = examine(host, lab.build, config)
    assert "xl2tpd (process" in diagnosis.said("port-1701-taken") and "xl2tpd" in diagnosis.said("l2tp-daemon")
    assert "xl2tpd.service" in diagnosis.said("l2tp-daemon-enabled")
    assert "pluto (process" in diagnosis.said("ike-port-taken") and "pluto" in diagnosis.said("ike-daemon")
    assert "charon-missing" in diagnosis.ids("error")


def test_charon_that_cannot_do_its_part(lab, host):
    config = server_config(lab, host)
    charon = Charon(host)
    nothing_serious(examine(host, lab.build, config))
    charon.load(swanctl_conf(ike=1, psk="old"))
    assert "'l2tp'" in examine(host, lab.build, config).said("charon-foreign-l2tp")
    charon.process.freeze()
    hung = examine(host, lab.build, config)
    assert "5 seconds" in hung.said("charon-hangs") and "charon-missing" not in hung.ids()
    charon.process.thaw()
    charon.stop()
    assert "charon-missing" in examine(host, lab.build, config).ids("error")

    host.write("/run/lab/overlay/etc/strongswan.conf", """charon {
        load = random nonce aes sha1 sha2 hmac kdf gmp kernel-netlink socket-default vici
        port = 10500
        port_nat_t = 14500
        plugins { vici { socket = unix:///run/lab/vici } } }""")
    process = host.start("lean-charon", "/usr/lib/ipsec/charon")
    wait_for("charon to answer", lambda: host.path("/run/lab/vici").exists() and host.succeeds(
        "swanctl", "--version", "--daemon", "--uri", "unix:///run/lab/vici"))
    assert "charon-vici" in examine(host, lab.build, config).ids("error")
    lacking = examine(host, lab.build, server_config(lab, host, charon={"vici": "/run/lab/vici"}))
    assert "lns/office" in lacking.said("charon-lacks")
    assert "ike-port-closed" in lacking.ids("error")
    assert process.running


def test_the_network_around_a_server(lab, host):
    Charon(host)
    host.run("sh", "-ec", "ip link add eth1 type veth peer name other; ip addr add 198.51.100.2/24 dev eth1; ip link set eth1 up;"
             "ip route add default via 198.51.100.1 metric 500")
    host.run("sysctl", "-qw", "net.ipv4.ip_forward=0", "net.ipv4.conf.eth1.rp_filter=1", "net.ipv4.conf.eth0.rp_filter=1",
             "net.ipv4.conf.eth0.disable_xfrm=1", "net.ipv4.conf.eth0.disable_policy=1")
    host.run("ip", "link", "set", "eth0", "mtu", "1300")
    office = keel2tpd.lns(host, LNS, pool="198.51.100.128/25", local="198.51.100.129")
    office["listen"].append("203.0.113.9")
    diagnosis = examine(host, lab.build, write_config(host, lab.build, lns={"office": office}))
    serious = diagnosis.serious()
    assert serious.keys() >= {"ip-forward", "rp-filter", "disable-xfrm", "disable-policy", "mtu-small", "listen-address",
                              "pool-overlap"}, diagnosis.text
    assert "eth1" in serious["rp-filter"] and "203.0.113.9" in serious["listen-address"]
    host.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.eth1.rp_filter=2", "net.ipv4.conf.eth0.disable_xfrm=0",
             "net.ipv4.conf.eth0.disable_policy=0", "net.ipv4.ip_local_reserved_ports=20000-39999")
    host.run("ip", "link", "set", "eth0", "mtu", "1500")
    mended = examine(host, lab.build, server_config(lab, host))
    nothing_serious(mended)
    assert "tunnel-ports" in mended.ids("ok")


def test_the_way_to_a_server(lab, host):
    Charon(host)
    host.overlay("/etc/resolv.conf", "nameserver 192.0.2.77\noptions timeout:30 attempts:5\n")  # nobody is there
    host.overlay("/etc/hosts", f"127.0.0.1 localhost\n{LAC} known.example.net\n")
    unresolved = examine(host, lab.build, client_config(lab, host, "vpn.example.net"))
    assert "vpn.example.net" in unresolved.said("resolve") and unresolved.code == 2
    known = client_config(lab, host, "known.example.net", routes=["0.0.0.0/0"])
    nothing_serious(examine(host, lab.build, known))
    host.run("sysctl", "-qw", "net.ipv4.conf.eth0.rp_filter=1")
    assert "lac/branch" in examine(host, lab.build, known).said("rp-filter")
    host.run("ip", "addr", "flush", "dev", "eth0")
    assert "no-route" in examine(host, lab.build, known).ids("error")


def test_a_firewall_that_blocks_and_the_doctor_s_own_rules(hosts, lab):
    hosts.lns.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    config = server_config(lab, hosts.lns)
    hosts.lns.run("nft", "-f", hosts.lns.write("/run/lab/drop.nft", """
        table inet filter {
            set friends { type ipv4_addr; elements = { 192.0.2.77 }; }
            chain input { type filter hook input priority 0; policy drop;
                iif lo accept
                ct state vmap { invalid : drop, established : accept, related : accept }
                tcp dport { 22, 80 } accept
                icmp type echo-request accept
            }
            chain forward { type filter hook forward priority 0; policy drop; }
        }
        """))
    diagnosis = examine(hosts.lns, lab.build, config)
    blocked = ("firewall-ike", "firewall-nat-t", "firewall-esp", "firewall-l2tp")
    assert diagnosis.ids("error") == set(blocked), diagnosis.text
    assert "inet filter forward" in diagnosis.said("firewall-forward")
    # A client's host needs answers only.
    hosts.lac.run("nft", "-f", hosts.lac.write("/run/lab/drop.nft", """
        table inet filter { chain input { type filter hook input priority 0; policy drop;
            ct state established,related accept; icmp type echo-request accept; }
        }
        """))
    nothing_serious(examine(hosts.lac, lab.build, client_config(lab, hosts.lac)))

    for identity in (*blocked, "firewall-forward"):
        rule = diagnosis.finding(identity)["remedy"].split("`")[1]
        hosts.lns.run("sh", "-ec", rule)
    nothing_serious(examine(hosts.lns, lab.build, config))
    client, server = hosts.start_both()
    ping(hosts.lac, INNER_LNS)
    for daemon in (client, server):
        daemon.stop()

    hosts.lns.run("nft", "flush chain inet filter input; add rule inet filter input ip saddr @friends accept")
    uncertain = examine(hosts.lns, lab.build, config)
    assert set(blocked) <= uncertain.ids("warning"), uncertain.text


def test_the_configuration_and_its_secrets(lab, host):
    Charon(host)
    missing = examine(host, lab.build, "/run/lab/none.json")
    assert missing.code == 2 and "config-missing" in missing.ids("error")
    office = keel2tpd.lns(host, LNS, users={"alice": "wonderland", "bob": "builder "})
    host.path("/run/lab/secrets/user.alice").write_bytes(b"wonderland\r\n")
    host.path("/run/lab/secrets/lns.psk").chmod(0o620)
    diagnosis = examine(host, lab.build, write_config(host, lab.build, lns={"office": office}))
    assert diagnosis.finding("secret-carriage-return")["where"].endswith("user.alice")
    assert diagnosis.finding("secret-blank")["where"].endswith("user.bob")
    assert "secret-writable" in diagnosis.ids("warning")
    host.path("/run/lab/secrets/lns.psk").chmod(0o644)
    office["ppp"]["auth"] = ["telepathy"]
    faulty = examine(host, lab.build, write_config(host, lab.build, lns={"office": office}))
    said = [one["where"] + one["what"] for one in faulty.data["findings"] if one["id"] == "config-invalid"]
    assert any("/lns/office/ppp/auth/0" in one for one in said) and any("chmod 600" in one for one in said), faulty.text
    office = keel2tpd.lns(host, LNS)
    office["ipsec"]["psk"] = "open to all eyes"
    host.path(shown := write_config(host, lab.build, lns={"office": office})).chmod(0o644)
    readable = examine(host, lab.build, shown)
    assert "/lns/office/ipsec/psk" in readable.said("config-secret-readable")
    assert "open to all eyes" not in readable.text


def test_what_the_daemon_says_and_when_it_says_nothing(lab, host):
    Charon(host)
    host.overlay("/etc/hosts", "127.0.0.1 localhost\n")
    host.overlay("/etc/resolv.conf", "nameserver 127.0.0.1\noptions attempts:1 timeout:1\n")
    branch = keel2tpd.lac(host, "vpn.example.net")
    daemon = Keel2tpd(host, lab.build, lac={"branch": branch})
    daemon.wait_show("the failure", lambda show: show.why("lac/branch"))
    config = client_config(lab, host, "vpn.example.net")
    assert "lac/branch" in examine(host, lab.build, config).said("connection-down")
    daemon.process.freeze()
    assert "daemon-hangs" in examine(host, lab.build, config).ids("error")
    daemon.process.thaw()
    daemon.stop()
