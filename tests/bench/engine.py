"""The protocol engine alone: set-ups, idle load and memory at growing numbers of tunnels, as a table and a plot.

Every number of tunnels is run many times, in turns, so that what disturbs the machine disturbs all; medians are told.

usage: engine.py BUILD_DIRECTORY [ROUNDS [PNG]]
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

SIZES = (1_000, 10_000, 100_000)
RUNS = {1_000: 20, 10_000: 4, 100_000: 1}  # a round: a run of 1,000 tunnels lasts some milliseconds
PREFIX = ("nice", "-n", "-10") if os.geteuid() == 0 else ()  # before what else the machine does
COLUMNS = (  # heading, key, format
    ("tunnels", "tunnels", "{:,.0f}"),
    ("endpoints", "endpoints", "{:.0f}"),
    ("set-ups/s", "setups_per_second", "{:,.0f}"),
    ("us/set-up", "setup_us", "{:.2f}"),
    ("ratio", "setup_ratio", "{:.2f}"),
    ("idle: CPU s/min", "idle_cpu_per_minute", "{:.3f}"),
    ("idle: datagrams/min", "idle_datagrams_per_minute", "{:,.0f}"),
    ("us/datagram", "idle_us", "{:.3f}"),
    ("ratio", "idle_ratio", "{:.2f}"),
    ("B/tunnel", "tunnel_bytes", "{:,.0f}"),
    ("B/session", "session_bytes", "{:,.0f}"),
    ("RSS B/both", "resident_bytes", "{:,.0f}"),
)


def measure(program: Path, tunnels: int) -> dict[str, float]:
    run = subprocess.run([*PREFIX, program, str(tunnels)], stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.exit(f"engine.py: {program.name} {tunnels} failed")
    row = json.loads(run.stdout)
    row["setup_us"] = 1e6 / row["setups_per_second"]
    row["idle_us"] = 1e6 * row["idle_cpu_per_minute"] / max(1, row["idle_datagrams_per_minute"])
    return row


def measure_all(program: Path, rounds: int) -> list[dict[str, float]]:
    """The medians, one row for each of SIZES, and how they compare with the first."""
    runs: dict[int, list[dict[str, float]]] = {tunnels: [] for tunnels in SIZES}
    for _ in range(rounds):
        for tunnels in SIZES:
            runs[tunnels] += [measure(program, tunnels) for _ in range(RUNS[tunnels])]
    rows = [{key: statistics.median(run[key] for run in runs[tunnels]) for key in runs[tunnels][0]} for tunnels in SIZES]
    for row in rows:
        row["setup_ratio"] = row["setup_us"] / rows[0]["setup_us"]
        row["idle_ratio"] = row["idle_us"] / rows[0]["idle_us"]
    return rows


def print_table(rows: list[dict[str, float]]) -> None:
    cells = [[heading for heading, _, _ in COLUMNS]]
    cells += [[form.format(row[key]) for _, key, form in COLUMNS] for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
    for line in cells:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths)))


def plot(rows: list[dict[str, float]], path: Path) -> None:
    try:
        import matplotlib
    except ImportError:
        print("no plot: python3-matplotlib is not installed")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    sizes = [row["tunnels"] for row in rows]
    figure, axes = pyplot.subplots(1, 3, figsize=(12, 3.6))
    for axis, title, keys in (
        (axes[0], "CPU, us per set-up (both ends)", ("setup_us",)),
        (axes[1], "CPU, us per idle datagram", ("idle_us",)),
        (axes[2], "octets, one end", ("tunnel_bytes", "session_bytes", "resident_bytes")),
    ):
        for key in keys:
            axis.plot(sizes, [row[key] for row in rows], marker="o", label=key.replace("_", " "))
        axis.set(title=title, xlabel="tunnels", xscale="log",
                 ylim=(0, 1.2 * max(row[key] for row in rows for key in keys)))
        if len(keys) > 1:
            axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    print(f"plot: {path}")


def main() -> None:
    build = Path(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    png = Path(sys.argv[3]) if len(sys.argv) > 3 else build / "bench-results" / "engine.png"
    rows = measure_all(build / "tests/bench/engine/bench_engine", rounds)
    print_table(rows)
    png.parent.mkdir(parents=True, exist_ok=True)
    plot(rows, png)


if __name__ == "__main__":
    main()
