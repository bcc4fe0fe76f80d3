"""Scenarios in several VMs at once: each takes the next one that none has begun."""

import os
import re
import shutil
import sys
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

from . import vm

RESULT = re.compile(rb"(PASSED|FAILED|ERROR|SKIPPED)(\x1b\[[0-9;]*m|\s)*$")
SECTION = re.compile(rb"^(\x1b\[[0-9;]*m)*=+ (FAILURES|ERRORS|slowest|short test summary|\d+ \w+)")


def fitting(cores: int, memory: int, scenarios: int) -> int:
    """How many VMs suit a host: emulated processors that wait for a real one make each other slow, so a core each.
    Half of its memory (octets) is left to it."""
    return max(1, min(cores, memory // 2 // (vm.MEMORY << 20), scenarios, 2))


class _Output:
    """Whole lines of all VMs as they come; pytest's closing report of each in one piece, when that VM has ended."""

    def __init__(self, total: int):
        self._total, self._done, self._lock = total, 0, threading.Lock()

    def of_one(self) -> tuple[Callable[[bytes], None], Callable[[], None]]:
        """(takes what a VM prints, is called at its end)"""
        rest, report = b"", bytearray()

        def take(chunk: bytes) -> None:
            nonlocal rest
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if report or SECTION.match(line):
                    report.extend(line + b"\n")
                else:
                    self._print(line)

        def end() -> None:
            with self._lock:
                _write(bytes(report) + rest)

        return take, end

    def _print(self, line: bytes) -> None:
        with self._lock:
            if RESULT.search(line):
                self._done += 1
                line = line.rstrip() + f" [{self._done}/{self._total}]".encode()
            _write(line + b"\n")


def _write(octets: bytes) -> None:
    sys.stdout.buffer.write(octets)
    sys.stdout.buffer.flush()


def run(count: int, total: int, command: Callable[[int], list[str]], share: Path, seconds: float) -> int:
    """Runs `command(n)` in VM n, from 1 to `count`, and returns the gravest exit code; `total` scenarios are told.

    Each command writes junit-N.xml into /lab, which is `share`; they become its junit.xml. Raises VmError when all
    have ended and one of them did not end by itself.
    """
    output, codes, faults = _Output(total), [], []
    vm.kernel()  # fetched once, before they all want it

    def one(number: int) -> None:
        take, end = output.of_one()
        try:
            codes.append(vm.run(command(number), share, seconds, name=f"vm{number}", write=take,
                                cpus=min(2, max(1, (os.cpu_count() or 1) // count))))
        except vm.VmError as error:
            faults.append(error)
        finally:
            end()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(1, count + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _merge(sorted(share.glob("junit-*.xml")), share / "junit.xml")
    shutil.rmtree(share / "claims", ignore_errors=True)
    if faults:
        raise faults[0]
    return max(codes)


def _merge(reports: list[Path], target: Path) -> None:
    merged = ElementTree.Element("testsuites")
    for report in reports:
        merged.extend(ElementTree.parse(report).getroot())
        report.unlink()
    if reports:
        ElementTree.ElementTree(merged).write(target, encoding="utf-8", xml_declaration=True)
