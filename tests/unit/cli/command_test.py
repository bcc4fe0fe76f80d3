"""The command as people and scripts meet it: what it says, exit codes, pipes and terminals.

usage: command_test.py KEEL2TP SOURCE_DIR
"""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path

from fake_daemon import FakeDaemon

KEEL2TP, SOURCE = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
PATIENCE = 60

OVERVIEW = {
    "version": "0.1.0", "host_name": "gw", "daemon": {"uptime_ms": 1000, "cpu_seconds": 0.5, "datagrams": {"received": 1, "sent": 2}},
    "charon": {"state": "ready", "version": "5.9.8", "why": None}, "guard": None,
    "connections": [
        {"name": "lns/office", "role": "lns", "state": "listening", "listen": ["192.0.2.2"], "tunnels": 1, "sessions": 1,
         "users": 2, "pool": {"size": 253, "used": 1}, "why": None, "calls": [], "refusals": [], "history": []},
        {"name": "lac/branch", "role": "lac", "state": "waiting", "stage": "ike", "server": "vpn.example.net", "peer": None,
         "why": {"stage": "ike", "message": "the pre-shared keys differ", "remedy": "check both", "ago_ms": 10},
         "retry_in_ms": 4000, "attempts": 3, "timeline": [], "in_state_ms": 5, "history": []}],
    "tunnels": [], "sas": [],
    "sessions": [{"tunnel": 7, "id": 12, "peer_id": 4, "connection": "lns/office", "user": "alice\x1b[2J", "state": "up",
                  "phase": "running", "interface": "ppp0", "local": "10.9.0.1", "remote": "10.9.0.2", "mtu": 1400,
                  "call": None, "age_ms": 5, "rx_bytes": 100, "tx_bytes": 200}],
}
PLAN = {"changes": [{"object": "lac/new", "change": "added", "what": [], "effect": "now", "note": "", "sessions": []}], "drops": 0}
SESSION_EVENTS = ["session.*"] + sorted(
    name for name in json.loads((Path(__file__).parents[3] / "schemas/events.schema.json").read_text())["definitions"]
    if name.startswith("session."))
EVENT = {"event": {"time": "2026-01-02T03:04:05.678Z", "level": "notice", "id": "session.up", "area": "session",
                   "connection": "lns/office", "user": "alice"}}
MESSAGE = {"time": "2026-01-02T03:04:05.678Z", "direction": "sent", "local": "192.0.2.1:1701", "remote": "192.0.2.2:1701",
           "message": "SCCRQ", "ns": 0, "nr": 0, "tunnel": 0, "session": 0, "avps": [],
           # SCCRQ: header, message type, protocol version, framing, host name "a", assigned tunnel 7
           "octets": "c802003100000000000000008008000000000001800800000002010080" "0a00000003000000038007000000076180080000000900" "07"}
USERS = {"users": [{"name": "alice", "connection": "lns/office", "address": None, "refusal": None,
                    "online": {"session": 12, "tunnel": 7, "address": "10.9.0.2", "since_ms": 5000}},
                   {"name": "bob", "connection": "lns/office", "address": "10.9.0.200", "online": None,
                    "refusal": {"ago_ms": 9000, "peer": "", "stage": "ppp", "message": "wrong password"}}]}
ANSWERS = {
    "Show": {"overview": OVERVIEW}, "Users": USERS, "Plan": {"plan": PLAN}, "Apply": {"plan": PLAN, "hash": "h2"},
    "GetConfig": {"config": {"lac": {}}, "hash": "h1", "saved": False, "confirm_in_ms": None, "previous": 0},
    "Up": {}, "Down": {}, "Restart": {}, "Save": {}, "Confirm": {"hash": "h1"}, "Rollback": {"plan": PLAN, "hash": "h0"},
    "Drop": {"dropped": 1}, "Monitor": [EVENT, "stay"], "Trace": {"messages": [MESSAGE]}, "Metrics": {"text": "keel2tp_up 1\n"},
    "GetLog": {"level": "info", "levels": {"ppp": "debug"}}, "SetLog": {"level": "info", "levels": {}},
    "GetInfo": {"version": "0.1.0"}, "Ipsec": {"ipsec": {"charon": {"state": "ready", "version": "5.9.8"}, "why": None, "peers": [],
                                                          "ikev1": {"since_ms": 5, "needed_by": [], "forgotten": 0}}},
}


class Terminal:
    """keel2tp in a terminal of its own."""

    def __init__(self, arguments, columns=80, rows=24, **environment):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm", **environment})
            os.environ.pop("NO_COLOR", None) if "NO_COLOR" not in environment else None
            time.sleep(0.2)  # the size is set by then
            os.execv(KEEL2TP, [str(KEEL2TP), *arguments])
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self.fd)
        self.seen = b""

    @classmethod
    def of(cls, pid, fd):
        terminal = cls.__new__(cls)
        terminal.pid, terminal.fd, terminal.seen = pid, fd, b""
        return terminal

    def resize(self, columns, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, words):
        """All that was written, up to and with the words; None: to the end."""
        deadline = time.monotonic() + PATIENCE
        while words is None or words not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{words!r} did not come: {self.seen[-1500:]!r}"
            try:
                part = os.read(self.fd, 65536)
            except OSError:
                part = b""
            if not part:
                assert words is None, f"ended without {words!r}: {self.seen[-1500:]!r}"
                break
            self.seen += part
        seen, self.seen = self.seen, b""
        return seen.decode()

    def write(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.socket = Path(self.directory.name) / "control.sock"
        self.daemon = None
        self.answers = dict(ANSWERS)

    def tearDown(self):
        if self.daemon:
            self.daemon.close()
        self.directory.cleanup()

    def start(self, **answers):
        self.answers.update(answers)
        self.daemon = FakeDaemon(self.socket, self.answers)

    def run_it(self, *arguments, code=0, stdin="", **environment):
        if self.daemon is None and "--control" not in arguments:
            self.start()
        done = subprocess.run([KEEL2TP, "--control", self.socket, *arguments], input=stdin, capture_output=True, text=True,
                              timeout=PATIENCE, env={**os.environ, **environment}, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def write(self, name, text):
        path = Path(self.directory.name) / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    # What it says

    def test_every_command_answers_in_words_and_in_json(self):
        file = self.write("c.json", "{}")
        for line in ("show", "show connections", "show tunnels", "show sessions", "show ipsec", "show users", "show pools",
                     "show config", f"apply {file}", "confirm", "rollback", "save", "up branch", "down lac/branch",
                     "restart office", "drop 12", "drop alice", "trace office", "metrics", "log", "log debug", "log ppp debug",
                     "ipsec", "version"):
            with self.subTest(line):
                text, said = self.run_it(*line.split())
                self.assertTrue(text)
                self.assertEqual(said, "")
                self.assertNotIn("\x1b", text)
                json.loads(self.run_it(*line.split(), "--json")[0])

    def test_calls_are_as_the_interface_has_them(self):
        file = self.write("c.json", '{"lac": {}}')
        for line, method, parameters in (
                (f"apply {file} --confirm-timeout 60 --if-hash h1 --save", "Apply",
                 {"config": '{"lac": {}}', "confirm_timeout_ms": 60000, "if_hash": "h1", "save": True}),
                (f"apply {file}", "Apply", {"config": '{"lac": {}}'}), ("down office", "Down", {"name": "lns/office"}),
                ("drop 12", "Drop", {"session": 12}), ("drop alice --connection office", "Drop", {"user": "alice", "connection": "lns/office"}),
                ("drop --user 12", "Drop", {"user": "12"}), ("log ppp debug", "SetLog", {"area": "ppp", "level": "debug"}),
                ("confirm --save", "Confirm", {"save": True})):
            with self.subTest(line):
                self.run_it(*line.split())
                self.assertEqual(self.daemon.calls[-1], (method, parameters))

    def test_plan_has_an_exit_code_for_each_outcome(self):
        self.assertIn("lac/new", self.run_it("plan", "-", stdin="{}", code=2)[0])
        self.answers["Plan"] = {"plan": {"changes": [], "drops": 0}}
        self.assertEqual(self.run_it("plan", "-", stdin="{}")[0], "nothing would change\n")
        faults = [{"pointer": "/lac", "line": 3, "column": 7, "message": "is no object"}]
        self.answers["Plan"] = ("org.keel2tp.InvalidConfiguration", {"faults": faults})
        file = self.write("bad.json", "{")
        self.assertTrue(self.run_it("plan", file, code=1)[1].startswith(f"{file}:3:7: /lac: is no object\n"))
        self.assertEqual(json.loads(self.run_it("plan", file, "--json", code=1)[0])["parameters"]["faults"], faults)

    def test_errors_say_what_to_do(self):
        conflict = ("org.keel2tp.Conflict", {"hash": "h9"})
        denied = ("org.varlink.service.PermissionDenied", {})
        for line, code, answers, words in (
                ("show connections offcie", 1, {}, 'did you mean "lns/office"?'),
                ("down nothing", 1, {}, "there are lns/office, lac/branch"),
                ("show sessions bob", 1, {}, 'there is no session "bob"'),
                ("show sesions", 64, {}, 'did you mean "sessions"?'),
                ("shwo", 64, {}, 'did you mean "show"?'),
                ("", 64, {}, "keel2tp --help"),
                ("drop", 64, {}, "keel2tp show sessions"),
                ("plan /nonexistent", 1, {}, "- for standard input"),
                ("apply - --if-hash h1", 1, {"Apply": conflict}, "its hash is h9 now"),
                ("save", 1, {"Save": denied}, "as root"),
                ("log ppp loud", 64, {"SetLog": ("org.varlink.service.InvalidParameter", {"parameter": "level"})}, "levels: error"),
                ("metrics", 1, {"Metrics": None}, "of one version"),
                ("top", 64, {}, "keel2tp top --json")):
            with self.subTest(line):
                self.answers.update(ANSWERS)
                self.answers.update(answers)
                self.assertIn(words, self.run_it(*line.split(), code=code)[1])

    def test_no_daemon_and_no_permission(self):
        self.daemon = None
        said = self.run_it("--control", "/nonexistent/control.sock", "show", code=1)[1]
        self.assertIn("systemctl start keel2tp", said)

    def test_filters(self):
        self.assertIn("lac/branch", self.run_it("show", "connections", "branch")[0])
        self.assertNotIn("office", self.run_it("show", "connections", "branch")[0])
        self.assertEqual(json.loads(self.run_it("show", "users", "--state", "online", "--json")[0])[0]["name"], "alice")
        self.assertEqual(json.loads(self.run_it("show", "sessions", "--user", "bob", "--json")[0]), [])
        self.assertEqual(len(json.loads(self.run_it("show", "--connection", "branch", "--json")[0])["connections"]), 1)

    @unittest.skipUnless(shutil.which("tshark"), "tshark is not installed")
    def test_a_trace_is_a_pcap_that_wireshark_reads(self):
        file = str(Path(self.directory.name) / "t.pcap")
        self.run_it("trace", "office", "--pcap", file)
        self.assertEqual(os.stat(file).st_mode & 0o777, 0o600)
        tshark = subprocess.run(["tshark", "-r", file, "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-T", "fields",
                                 "-e", "ip.src", "-e", "udp.dstport", "-e", "l2tp.avp.host_name", "-e", "ip.checksum.status", "-e", "udp.checksum.status"],
                                capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(tshark.stdout.split(), ["192.0.2.1", "1701", "a", "1", "1"], tshark.stderr)

    # Completion

    def completed(self, *words):
        return [line.split("\t")[0] for line in self.run_it("complete", "--", *words)[0].splitlines()]

    def test_completion_knows_commands_options_and_live_names(self):
        self.answers["Users"] = {"users": [*USERS["users"], {"name": "e\x1bve", "connection": "lns/office"}]}
        for words, wanted in (
                (["re"], ["restart"]), (["show", "se"], ["sessions"]), (["show", "connections", ""], ["lns/office", "lac/branch"]),
                (["show", "connections", "of"], ["office"]), (["show", "--conn"], ["--connection"]),
                (["show", "--connection", "la"], ["lac/branch"]), (["show", "users", ""], ["alice", "bob"]),
                (["drop", "a"], ["alice"]), (["drop", "1"], ["12"]), (["down", "lns/office", "la"], ["lac/branch"]), (["plan", ""], [":files"]),
                (["plan", "x", ""], []), (["trace", "office", "--pcap", ""], [":files"]), (["monitor", "--level", "n"], ["notice"]),
                (["monitor", "--id", "session.u"], ["session.up"]), (["monitor", "--id", "ses"], SESSION_EVENTS), (["log", "pp"], ["ppp"]), (["log", "ppp", "de"], ["debug", "default"]),
                (["--control", ""], [":files"]), (["nonsense", ""], [])):
            with self.subTest(words):
                self.assertEqual(self.completed(*words), wanted)
        self.assertIn("--control", self.completed("--"))
        self.assertNotIn("complete", self.completed(""))

    def test_completion_without_a_daemon_still_knows_commands(self):
        self.start()
        self.daemon.close()
        self.assertEqual(self.completed("sh"), ["show"])
        self.assertEqual(self.completed("down", ""), [])

    def shell(self):
        """A directory with a keel2tp for the shells, which speaks to the fake daemon."""
        self.start()
        name = {"name": "$(touch ran) b", "connection": "lns/office"}
        self.answers["Users"] = {"users": [*USERS["users"], name]}
        script = self.write("keel2tp", f'#!/bin/sh\nexec "{KEEL2TP}" --control "{self.socket}" "$@"\n')
        os.chmod(script, 0o755)
        return {**os.environ, "PATH": f"{self.directory.name}:{os.environ['PATH']}", "HOME": self.directory.name}

    @unittest.skipUnless(shutil.which("bash"), "bash is not installed")
    def test_bash(self):
        environment = self.shell()
        def complete(*words):
            script = f'. "{SOURCE}/packaging/completions/keel2tp.bash"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _keel2tp; printf "%s\\n" "${{COMPREPLY[@]}}"'
            done = subprocess.run(["bash", "--norc", "-c", script, "bash", "keel2tp", *words], env=environment, capture_output=True,
                                  text=True, timeout=PATIENCE, check=True, cwd=self.directory.name)
            self.assertEqual(done.stderr, "")
            return done.stdout.split("\n")[:-1]
        self.assertEqual(complete("sh"), ["show"])
        self.assertEqual(complete("down", "l"), ["lns/office", "lac/branch"])
        self.assertEqual(complete("show", "users", ""), ["alice", "bob", "\\$\\(touch\\ ran\\)\\ b"])
        self.assertFalse((Path(self.directory.name) / "ran").exists())

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish(self):
        environment = self.shell()
        def complete(line):
            script = f'source "{SOURCE}/packaging/completions/keel2tp.fish"; complete -C "{line}"'
            done = subprocess.run(["fish", "--no-config", "-c", script], env=environment, capture_output=True, text=True,
                                  timeout=PATIENCE, check=True, cwd=self.directory.name)
            self.assertEqual(done.stderr, "")
            return [entry.split("\t")[0] for entry in done.stdout.splitlines()]
        self.assertEqual(complete("keel2tp sh"), ["show"])
        self.assertEqual(sorted(complete("keel2tp down ")), ["lac/branch", "lns/office"])
        self.assertEqual(sorted(complete("keel2tp show users ")), ["$(touch ran) b", "alice", "bob"])
        self.assertFalse((Path(self.directory.name) / "ran").exists())
        self.assertIn("keel2tp", complete("keel2tp plan "))  # a file

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh(self):
        environment = self.shell()
        self.write(".zshrc", f'PS1="% "; fpath=("{SOURCE}/packaging/completions" $fpath); autoload -Uz compinit; compinit -u -D; print ready\n')
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.directory.name)
            os.execvpe("zsh", ["zsh", "-d", "-i"], {**environment, "ZDOTDIR": self.directory.name, "TERM": "dumb"})
        terminal = Terminal.of(pid, fd)
        terminal.read_until(b"ready")
        for typed, wanted in (("keel2tp sho\t", b"show "), ("keel2tp restart of\t", b"office"), ("keel2tp drop al\t", b"alice")):
            terminal.write(typed)
            terminal.read_until(wanted)
            terminal.write("\x15")
        terminal.write("exit\n")
        terminal.read_until(None)
        terminal.end()
        self.assertFalse((Path(self.directory.name) / "ran").exists())

    # Terminals

    def test_colours_and_width_are_a_terminals_only(self):
        self.start()
        text = Terminal(["--control", str(self.socket), "show", "connections"]).read_until(None)
        self.assertIn("\x1b[32mlistening\x1b[0m", text)
        for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines():
            self.assertLessEqual(len(line), 80)
        self.assertNotIn("\x1b[", Terminal(["--control", str(self.socket), "show"], NO_COLOR="1").read_until(None))
        narrow = Terminal(["--control", str(self.socket), "show", "sessions"], columns=40).read_until(None)
        self.assertIn("--wide", narrow)

    def test_monitor_of_a_misspelt_event_does_not_wait_for_ever(self):
        self.start()
        said = self.run_it("monitor", "--id", "session.*", "--id", "session.upp", code=64)[1]
        self.assertIn('there is no event "session.upp"; did you mean "session.up"?', " ".join(said.split()))

    def test_monitor_ends_cleanly(self):
        self.start()
        terminal = Terminal(["--control", str(self.socket), "monitor"], TZ="UTC")
        self.assertIn("lns/office        session.up  user alice", terminal.read_until(b"alice"))
        os.kill(terminal.pid, signal.SIGINT)
        self.assertEqual(terminal.end(), 0)
        self.answers["Monitor"] = [EVENT, "end"]
        text, said = self.run_it("monitor", "--json", code=1)
        self.assertEqual(json.loads(text), EVENT["event"])
        self.assertIn("keel2tpd has ended", said)
        self.assertEqual(self.run_it("monitor", "--json", "--user", "bob", code=1)[0], "")

    def test_top_draws_takes_keys_resizes_and_leaves_the_terminal_as_it_was(self):
        self.start()
        for way, code in (("q", 0), (signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGHUP, 0)):
            with self.subTest(way):
                terminal = Terminal(["--control", str(self.socket), "top"])
                first = terminal.read_until(b"q quit")
                self.assertIn("alice?[2J", first)
                self.assertNotEqual(termios.tcgetattr(terminal.fd)[3], terminal.before[3])
                terminal.write("u")
                terminal.read_until(b"sorted by user")
                terminal.resize(60, 10)
                terminal.read_until(b"q quit  sort: c connection u user s stage a address i in o")
                terminal.write(way) if isinstance(way, str) else os.kill(terminal.pid, way)
                terminal.read_until(b"\x1b[?25h\x1b[?1049l")
                self.assertEqual(termios.tcgetattr(terminal.fd), terminal.before)
                self.assertEqual(terminal.end(), code)

    def test_top_outlives_the_daemon_and_asks_again(self):
        self.start()
        terminal = Terminal(["--control", str(self.socket), "top", "--interval", "1"])
        terminal.read_until(b"q quit")
        self.daemon.close()
        terminal.read_until(b"asking again")
        self.start()
        terminal.read_until(b"sorted by")
        terminal.write("q")
        terminal.read_until(b"\x1b[?1049l")
        self.assertEqual(terminal.end(), 0)

    def test_top_once(self):
        rows = json.loads(self.run_it("top", "--json", "--interval", "1")[0])
        self.assertEqual({row["connection"] for row in rows}, {"lns/office", "lac/branch"})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
