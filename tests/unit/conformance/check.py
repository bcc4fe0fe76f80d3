"""Checks that what is said of tests is true.

usage: check.py REPOSITORY

- Each row of orchestrator/l2tp/conformance.md names tests that exist, or says "none:" and why. A name in backquotes is
  that of a doctest case or of a scenario in tests/lab; ending in "..." it is the beginning of one.
- Timers run on the monotonic clock: no clock but the monotonic one is named in the sources, but for the dates of
  certificates, in one file.
"""

import re
import sys
from pathlib import Path

TABLE = "orchestrator/l2tp/conformance.md"
CASE = re.compile(r'TEST_CASE(?:_TEMPLATE|_FIXTURE)?\(\s*(?:\w+,\s*)?((?:"(?:[^"\\]|\\.)*"\s*)+)')
SCENARIO = re.compile(r"^def (test_\w+)", re.MULTILINE)
CALENDAR = "orchestrator/linux/system.cpp"  # calendar_now()
WALL_CLOCK = re.compile(r"system_clock|system_timer|gettimeofday|CLOCK_REALTIME|\btime\((?:nullptr|NULL|0)\)")


def test_names(repository: Path) -> set[str]:
    names = {"no clock but the monotonic one is named in the sources"}
    for folder in ("tests/unit", "tests/sim"):
        for path in (repository / folder).rglob("*.cpp"):
            for literals in CASE.findall(path.read_text()):
                parts = re.findall(r'"((?:[^"\\]|\\.)*)"', literals)
                names.add("".join(parts).replace('\\"', '"'))
    for path in (repository / "tests/lab").glob("test_*.py"):
        names.update(SCENARIO.findall(path.read_text()))
    return names


def rows(text: str) -> list[list[str]]:
    """The cells of each row of each table, without the tables' heads."""
    lines = text.splitlines()
    heads = {number - 1 for number, line in enumerate(lines) if line.startswith("|---")}
    body = [line for number, line in enumerate(lines)
            if line.startswith("|") and not line.startswith("|---") and number not in heads]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in body]


def check_table(repository: Path) -> list[str]:
    known = test_names(repository)
    faults, named = [], 0
    for cells in rows((repository / TABLE).read_text()):
        where, last = f"{TABLE}: {cells[0]}: {cells[1][:40]}", cells[-1].strip("| ")
        if last.startswith("none: "):
            continue
        spans = re.findall(r"`([^`]+)`", last)
        if not spans:
            faults.append(f'{where}: names no test, nor says "none:" and why')
        for span in spans:
            named += 1
            begins = span.removesuffix("...")
            if not (any(name.startswith(begins) for name in known) if span.endswith("...") else span in known):
                faults.append(f"{where}: there is no test `{span}`")
    print(f"{TABLE}: {named} names of tests looked up among {len(known)}")
    return faults if named else [*faults, f"{TABLE}: no row was found"]


def check_clocks(repository: Path) -> list[str]:
    sources = [path for folder in ("orchestrator", "vici", "pppd-plugin")
               for path in (repository / folder).rglob("*") if path.suffix in (".c", ".cpp", ".h", ".hpp") and path != repository / CALENDAR]
    print(f"{len(sources)} sources searched for clocks")
    return [f"{path.relative_to(repository)}:{number}: a clock that can be set: {line.strip()}"
            for path in sources for number, line in enumerate(path.read_text().splitlines(), 1)
            if WALL_CLOCK.search(line.split("//")[0])]


def main() -> int:
    repository = Path(sys.argv[1])
    faults = check_table(repository) + check_clocks(repository)
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
