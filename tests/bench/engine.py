"""The protocol engine alone: set-ups, idle load and memory at growing numbers of tunnels, as a table and a plot.

usage: engine.py BUILD_DIRECTORY [PNG]
"""

import json
import subprocess
import sys
from pathlib import Path

SIZES = (1_000, 10_000, 100_000)
COLUMNS = (  # heading, key, format
    ("tunnels", "tunnels", "{:,}"),
    ("endpoints", "endpoints", "{}"),
    ("set-ups/s", "setups_per_second", "{:,.0f}"),
    ("us/set-up", "setup_us", "{:.1f}"),
    ("idle: CPU s/min", "idle_cpu_per_minute", "{:.3f}"),
    ("idle: datagrams/min", "idle_datagrams_per_minute", "{:,.0f}"),
    ("us/datagram", "idle_us", "{:.2f}"),
    ("B/tunnel", "tunnel_bytes", "{:,.0f}"),
    ("B/session", "session_bytes", "{:,.0f}"),
    ("RSS B/both", "resident_bytes", "{:,.0f}"),
)


def measure(program: Path, tunnels: int) -> dict[str, float]:
    run = subprocess.run([program, str(tunnels)], stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.exit(f"engine.py: {program.name} {tunnels} failed")
    row = json.loads(run.stdout)
    row["setup_us"] = 1e6 / row["setups_per_second"]
    row["idle_us"] = 1e6 * row["idle_cpu_per_minute"] / max(1, row["idle_datagrams_per_minute"])
    return row


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
        axis.set(title=title, xlabel="tunnels", xscale="log", ylim=(0, None))
        if len(keys) > 1:
            axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    print(f"plot: {path}")


def main() -> None:
    build = Path(sys.argv[1])
    png = Path(sys.argv[2]) if len(sys.argv) > 2 else build / "bench-results" / "engine.png"
    rows = [measure(build / "tests/bench/engine/bench_engine", tunnels) for tunnels in SIZES]
    print_table(rows)
    png.parent.mkdir(parents=True, exist_ok=True)
    plot(rows, png)


if __name__ == "__main__":
    main()
