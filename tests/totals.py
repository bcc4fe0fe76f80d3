"""Adds up the test cases of the unit tests (doctest's own count), plain and under sanitizers, and of the lab (pytest's).
For tests/all.

usage: totals.py UNIT_TESTLOG_JSON UNIT_EXIT SANITIZED_TESTLOG_JSON SANITIZED_EXIT JUNIT_XML LAB_EXIT
"""

import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

DOCTEST = re.compile(r"test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed")


def unit_cases(log: Path) -> tuple[int, int]:
    """(passed, failed) cases; a program that ended without doctest's summary counts as one case, one that was skipped
    is told and not counted."""
    passed = failed = 0
    for line in log.read_text().splitlines() if log.exists() else []:
        test = json.loads(line)
        if test["result"] == "SKIP":
            print(f"{test['name']}: {test.get('stdout', 'skipped').strip()}")
            continue
        counts = DOCTEST.search(re.sub(r"\x1b\[[0-9;]*m", "", test.get("stdout", "")))
        ok = test["result"] in ("OK", "EXPECTEDFAIL")
        program_passed, program_failed = map(int, counts.groups()) if counts else (int(ok), int(not ok))
        passed += program_passed
        # A sanitizer or a crash at exit fails a program whose cases all passed.
        failed += program_failed if ok or program_failed else 1
    return passed, failed


def lab_scenarios(junit: Path) -> tuple[int, int]:
    """(passed, failed) scenarios; a scenario whose clean-up failed has failed."""
    if not junit.exists():
        return 0, 0
    cases: dict[str, bool] = {}
    for case in ElementTree.parse(junit).iter("testcase"):
        if case.find("skipped") is not None:
            continue
        name = f"{case.get('classname')}.{case.get('name')}"
        ok = case.find("failure") is None and case.find("error") is None
        cases[name] = cases.get(name, True) and ok
    return sum(cases.values()), len(cases) - sum(cases.values())


def with_exit(counts: tuple[int, int], exit_status: str) -> tuple[int, int]:
    """A runner that failed without a failed case (it could not start, or timed out) is itself a failure."""
    passed, failed = counts
    return passed, failed or int(int(exit_status) != 0 or not passed)


def main() -> int:
    unit_log, unit_exit, sanitized_log, sanitized_exit, junit, lab_exit = sys.argv[1:]
    counts = {
        "unit test cases": with_exit(unit_cases(Path(unit_log)), unit_exit),
        "under sanitizers": with_exit(unit_cases(Path(sanitized_log)), sanitized_exit),
        "lab scenarios": with_exit(lab_scenarios(Path(junit)), lab_exit),
    }
    print("\n" + "; ".join(f"{name}: {passed} passed, {failed} failed" for name, (passed, failed) in counts.items()))
    failed = sum(failed for _, failed in counts.values())
    print(f"{sum(passed for passed, _ in counts.values())} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
