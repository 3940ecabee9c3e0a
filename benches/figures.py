#!/usr/bin/env python3
"""Derives the figures that people read from the published results of all machines.

    benches/figures.py --check    fails if one is not what the results say
    benches/figures.py --write    puts there what they say

In `README.md` and `src/docs/performance.md` the figures are between `<!-- figures … -->` and
`<!-- /figures -->`. A measured figure elsewhere in `README.md` or `src/lib.rs` is a fault.
"""

import json
import re
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
README, LIB = HERE / "../README.md", HERE / "../src/lib.rs"
PERFORMANCE = HERE / "../src/docs/performance.md"

TIME, DELIVERED, P99_99, AGE = "ns_per_op", "delivered_per_s", "push_ns_p99_99", "age_ns_p50"
OVERLOAD = "latency/{many}p{many}c/8B/consume1000/rate{rate}"


class Row(NamedTuple):
    what: str
    ours: str
    beside: str
    scene: str  # {many} stands for twice as many threads as cores
    metric: str
    in_readme: bool = False


def both_sizes(what, ours, beside, scene, metric=TIME, in_readme=False):
    return [
        Row(f"{what}, {size} B", ours, beside, scene.replace("SIZE", f"{size}B"), metric, in_readme)
        for size in (8, 24)
    ]


OVERWRITE, PAIR = "single/overwrite/SIZE/cap1024", "single/pair-half/SIZE/cap1024"
FLAT_OUT = "threads/{}/SIZE/cap1024/produce0/consume0"
ROWS = [
    *both_sizes("push on a full queue", "AtomicRing", "ArrayQueue", OVERWRITE, in_readme=True),
    *both_sizes("push on a full queue", "AtomicRing", "ConcurrentQueue", OVERWRITE),
    *both_sizes("push on a full queue", "AtomicRing", "MutexRing", OVERWRITE),
    *both_sizes("push on a full queue", "AtomicRing", "lean form", OVERWRITE),
    *both_sizes("push on a full queue", "spsc", "ArrayQueue", OVERWRITE),
    *both_sizes("push on a full queue", "channel", "AtomicRing", OVERWRITE),
    *both_sizes("push on a full queue", "metered AtomicRing", "AtomicRing", OVERWRITE),
    *both_sizes("push on a full queue", "dyn AtomicRing", "AtomicRing", OVERWRITE),
    *both_sizes("push and pop", "AtomicRing", "ArrayQueue", PAIR, in_readme=True),
    *both_sizes("push and pop", "AtomicRing", "MutexRing", PAIR),
    *both_sizes("push and pop", "AtomicRing", "lean form", PAIR),
    *both_sizes("push and pop", "spsc", "ArrayQueue", PAIR, in_readme=True),
    *both_sizes("push and pop", "spsc", "rtrb", PAIR, in_readme=True),
    *both_sizes("push and pop", "channel", "crossbeam-channel", PAIR, in_readme=True),
    Row("length", "AtomicRing", "ArrayQueue", "single/len/8B/cap1024", TIME),
    Row("length", "spsc", "ArrayQueue", "single/len/8B/cap1024", TIME),
    *both_sizes(
        "delivered, 1 and 1", "AtomicRing", "ArrayQueue",
        FLAT_OUT.format("1p1c"), DELIVERED, True,
    ),
    *both_sizes(
        "delivered, 1 and 1", "spsc", "ArrayQueue",
        FLAT_OUT.format("1p1c"), DELIVERED, True,
    ),
    *both_sizes("delivered, 1 and 1", "spsc", "rtrb", FLAT_OUT.format("1p1c"), DELIVERED),
    *both_sizes("the same in batches", "spsc", "rtrb", "batches/1p1c/SIZE/cap1024", DELIVERED),
    *both_sizes(
        "delivered, many and many", "AtomicRing", "ArrayQueue",
        FLAT_OUT.format("{many}p{many}c"), DELIVERED, True,
    ),
    *both_sizes(
        "delivered, many and many", "channel", "ArrayQueue",
        FLAT_OUT.format("{many}p{many}c"), DELIVERED,
    ),
    Row("overload, p99.99 of a push", "AtomicRing", "ArrayQueue", OVERLOAD, P99_99, True),
    Row("overload, age at delivery", "AtomicRing", "ArrayQueue", OVERLOAD, AGE),
    *(
        Row(
            f"lossless, {senders} and 1, room {room}{how}", "channel", "crossbeam-channel",
            scene, DELIVERED, room == 1024 and senders == "1" and not how,
        )
        for senders, p in (("1", "1"), ("many", "{many}"))
        for room in (1, 8, 32, 64, 1024)
        for how, end in (("", ""), (", not pinned", "/not-pinned"), (", busy", "/not-pinned/busy"))
        for scene in [f"lossless/{p}p1c/8B/cap{room}{end}"]
        if end != "/not-pinned/busy" or room in (64, 1024)
    ),
    Row(
        "waking a thread", "channel", "crossbeam-channel",
        "wake/thread/apart", "wake_ns_p50",
    ),
    Row("waking a task", "channel", "async-channel", "wake/task/apart", "wake_ns_p50"),
    Row("ping-pong", "channel", "crossbeam-channel", "ping-pong/8B", "round_trips_per_s"),
]  # fmt: skip

MEASURED = re.compile(r"\d[\d.,]*\s*(?:ns|µs|ms|M/s|million|times|×|%)(?!\w)")
BLOCK = re.compile(r"<!-- figures (\w+) -->\n.*?<!-- /figures -->", re.DOTALL)


class Machine:
    def __init__(self, file):
        results = json.loads(file.read_text())
        self.name = file.stem
        self.version = results["method"]["version"]
        cores = results["machine"]["cores"]
        self.scale = {"many": 2 * cores, "rate": 2_000_000 * max(cores // 2, 1)}
        self.medians = {
            (m["scene"], m["contender"], metric): spread["median"]
            for m in results["measurements"]
            for metric, spread in m["metrics"].items()
        }

    def speed(self, row):
        """How many times as fast ours is, or as good; None where it was not measured."""
        scene = row.scene.format(**self.scale)
        ours, beside = (
            self.medians.get((scene, who, row.metric)) for who in (row.ours, row.beside)
        )
        if not ours or not beside:
            return None
        return ours / beside if row.metric.endswith("_per_s") else beside / ours


def number(value):
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}" if value >= 0.95 else f"{value:.2f}"


def speeds(machines):
    """Rows that some machine has, with its speeds, the worst first."""
    rows = [(row, [machine.speed(row) for machine in machines]) for row in ROWS]
    rows = [(row, s) for row, s in rows if any(v is not None for v in s)]
    return sorted(rows, key=lambda r: min(v for v in r[1] if v is not None))


def readme(machines):
    """The worst and the best over all machines."""
    yield f"On {', '.join(f'`{m.name}`' for m in machines)}:"
    yield ""
    yield "| | | beside | |"
    yield "|---|---|---|---|"
    # One row for all sizes of elements. The rows come with the worst first, and so do these.
    spans = {}
    for row, found in speeds(machines):
        if row.in_readme:
            key = re.sub(r", \d+ B$", "", row.what), row.ours, row.beside
            spans.setdefault(key, []).extend(v for v in found if v is not None)
    for (what, ours, beside), found in spans.items():
        low, high = number(min(found)), number(max(found))
        span = low if low == high else f"{low} to {high}"
        yield f"| {what} | `{ours}` | `{beside}` | {span} |"


def machines_table(machines):
    """Every row on every machine."""
    yield "| | | beside | " + " | ".join(f"{m.name}<br>`{m.version}`" for m in machines) + " |"
    yield "|---|---|---|" + "---|" * len(machines)
    for row, found in speeds(machines):
        cells = " | ".join("" if v is None else number(v) for v in found)
        yield f"| {row.what} | `{row.ours}` | `{row.beside}` | {cells} |"


BLOCKS = {"ranges": readme, "machines": machines_table}


def derived(text, machines):
    def block(match):
        lines = "\n".join(BLOCKS[match[1]](machines))
        return f"<!-- figures {match[1]} -->\n{lines}\n<!-- /figures -->"

    return BLOCK.sub(block, text)


def main():
    if sys.argv[1:] not in (["--check"], ["--write"]):
        sys.exit(__doc__)
    machines = [Machine(file) for file in sorted((HERE / "results").glob("*.json"))]
    faults = [] if len(machines) > 1 else ["benches/results: fewer than two machines"]
    for file in (README, PERFORMANCE):
        text, name = file.read_text(), file.resolve().relative_to(HERE.parent.resolve())
        if not BLOCK.search(text):
            faults.append(f"{name}: no figures between markers")
        if sys.argv[1] == "--write":
            file.write_text(derived(text, machines))
        elif derived(text, machines) != text:
            faults.append(f"{name}: not what the results say; run benches/figures.py --write")
    for file in (README, LIB):
        # What is not between markers, nor in an example.
        prose = re.sub(r"```.*?```", "", BLOCK.sub("", file.read_text()), flags=re.DOTALL)
        for figure in MEASURED.finditer(prose):
            faults.append(f"{file.name}: “{figure[0]}” is in no result: put it between markers")
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
