"""keel2tp(1) out of what the command says of itself and a part written by hand.

usage: generate.py KEEL2TP          writes keel2tp.1, beside this file, from keel2tp.1.in
       generate.py KEEL2TP --check  exits with 1 where it is not as it would be written
       generate.py KEEL2TPD --daemon  exits with 1 where keel2tpd.8 and keel2tpd's own help know different options

keel2tp.1 is kept in the repository, since who cross-compiles cannot run the command.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def text(words: str) -> str:
    """As roff prints it."""
    words = words.replace("\\", "\\e")
    words = re.sub(r"`([^`]*)`", r"\\(lq\1\\(rq", words).replace('"', "\\(dq")
    return "\\&" + words if words[:1] in ".'" else words


def sentence(words: str) -> str:
    return text(words[:1].upper() + words[1:]) + ("" if words.endswith(".") else ".")


def argument(kind: str) -> str:
    """{a,b} -> a | b, each as it is typed; SESSION|USER -> two arguments."""
    if kind.startswith("{"):
        return " | ".join(f"Cm {word}" for word in kind[1:-1].split(","))
    return " | ".join("Ar " + re.sub(r"\W+", " ", word).strip().lower() for word in kind.split("|"))


def synopsis(command: dict) -> list[str]:
    lines = [f".Nm keel2tp Cm {command['name']}"]
    for option in command["options"]:
        name = option["names"][-1]
        if name in ("--help", "--json", "--wide"):
            continue
        lines.append(f".Op Fl Fl {name[2:]}" + (f" Ar {option['type'].lower()}" if option["type"] else ""))
    for one in command["positionals"]:
        dots = " ..." if one["many"] and "[" not in one["type"] else ""
        kind = "Ar object" if one["type"].startswith("{") else argument(one["type"])
        lines.append(f".{kind}{dots}" if one["required"] else f".Op {kind}{dots}")
    return lines


def described(command: dict) -> list[str]:
    lines = [f".It Cm {command['name']}", sentence(command["description"])]
    entries = []
    for one in command["positionals"]:
        kind = "Ar object" if one["type"].startswith("{") else argument(one["type"])
        choices = [f"One of: {', '.join(one['type'][1:-1].split(','))}."] if one["type"].startswith("{") else []
        entries += [f".It {kind}", sentence(one["what"]), *choices]
    for option in command["options"]:
        name = option["names"][-1]
        if name in ("--help", "--json", "--wide"):
            continue
        entries += [f".It Fl Fl {name[2:]}" + (f" Ar {option['type'].lower()}" if option["type"] else ""), sentence(option["what"])]
        if option["default"]:
            entries.append(f"Default: {text(option['default'])}.")
    if entries:
        lines += [".Bl -tag -width Ds", *entries, ".El"]
    if command["footer"]:
        lines += [".Pp", *(sentence(line) for line in command["footer"].splitlines())]
    return lines


def page(command: Path) -> str:
    said = json.loads(subprocess.run([command, "--describe"], check=True, capture_output=True, text=True).stdout)
    forms = [line for one in said["commands"] for line in synopsis(one)]
    commands = [line for one in said["commands"] for line in described(one)]
    template = (HERE / "keel2tp.1.in").read_text(encoding="utf-8")
    return template.replace("@SYNOPSIS@", "\n".join(forms)).replace(
        "@COMMANDS@", "\n".join([".Bl -tag -width Ds", *commands, ".El"]))


def daemon_differs(daemon: Path) -> bool:
    help_text = subprocess.run([daemon, "--help"], check=True, capture_output=True, text=True).stdout
    says = set(re.findall(r"^  (?:-\w,)?--([\w-]+)", help_text, re.MULTILINE))
    items = re.findall(r"^\.It .*", (HERE / "keel2tpd.8").read_text(encoding="utf-8"), re.MULTILINE)
    written = set(re.findall(r"Fl Fl ([\w-]+)", "\n".join(items)))
    for name in sorted(says ^ written):
        print(f"keel2tpd.8: --{name} is {'missing' if name in says else 'no option of keel2tpd'}", file=sys.stderr)
    return says != written


def main() -> int:
    program, mode = Path(sys.argv[1]), sys.argv[2:]
    if mode == ["--daemon"]:
        return int(daemon_differs(program))
    made, path = page(program), HERE / "keel2tp.1"
    if mode == ["--check"]:
        if path.read_text(encoding="utf-8") == made:
            return 0
        print(f"keel2tp.1 is not what the command says; write it anew: python3 packaging/man/generate.py {program}", file=sys.stderr)
        return 1
    path.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
