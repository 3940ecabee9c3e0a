#!/usr/bin/env python3
"""Plots of a comparison: benches/plot.py [results.json [folder]]. Needs matplotlib.

Reads what `cargo compare` has written, target/compare/latest.json unless told otherwise, and writes
overwrite.svg, messages.svg, threads-8B.svg and a latency-….svg into the folder, benches/results
unless told otherwise.
"""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "ringway"  # the same file for the same results
from matplotlib import pyplot as plt

HERE = Path(__file__).parent
OWN = ["AtomicRing", "spsc", "MutexRing", "ChannelQueue", "MutexVec", "metered AtomicRing"]
OWN += ["Arc of AtomicRing", "dyn AtomicRing", "channel", "channel, recv_batch"]


def colour(contender, kind):
    return "0.7" if kind == "Floor" else "tab:blue" if contender in OWN else "tab:orange"


def measured(results, scene, metric):
    """Contenders with their kinds and spreads in a scene."""
    return [
        (m["contender"], m["kind"], m["metrics"][metric])
        for m in results["measurements"]
        if m["scene"] == scene and metric in m["metrics"]
    ]


def bars(axes, rows, scale, label):
    """A bar for each median, the best on top, with the quartiles."""
    rows.sort(key=lambda row: row[2]["median"], reverse=label.startswith("ns"))
    values = [row[2]["median"] / scale for row in rows]
    errors = [
        [(row[2]["median"] - row[2]["low"]) / scale for row in rows],
        [(row[2]["high"] - row[2]["median"]) / scale for row in rows],
    ]
    axes.barh(
        [row[0] for row in rows],
        values,
        xerr=errors,
        color=[colour(*row[:2]) for row in rows],
        ecolor="0.3",
    )
    axes.bar_label(axes.containers[-1], fmt=" %.3g", fontsize=7)
    axes.set_xlabel(label)
    axes.margins(x=0.15)


def overwrite(results, file):
    figure, all_axes = plt.subplots(1, 2, figsize=(10, 3.5))
    for axes, size in zip(all_axes, ["8B", "24B"]):
        bars(
            axes,
            measured(results, f"single/overwrite/{size}/cap1024", "ns_per_op"),
            1,
            "ns for a push",
        )
        axes.set_title(f"a push on a full queue, {size}")
    save(figure, results, file)


def threads(results, file):
    scenes = sorted(
        {m["scene"] for m in results["measurements"] if m["scene"].startswith("threads/")}
    )
    scenes = [s for s in scenes if s.endswith("/8B/cap1024/produce0/consume0") and "/1p4c" not in s]
    figure, all_axes = plt.subplots(1, len(scenes), figsize=(5 * len(scenes), 5), squeeze=False)
    for axes, scene in zip(all_axes[0], scenes):
        bars(axes, measured(results, scene, "delivered_per_s"), 1e6, "million delivered a second")
        axes.set_title(f"{scene.split('/')[1]}, 8B")
    save(figure, results, file)


def messages(results, file):
    """By size: what a queue costs, and what it adds to a copy."""
    figure, all_axes = plt.subplots(1, 2, figsize=(12, 5))
    labels = {"moved": "ns for a message moved", "copied": "times as long as with no queue, copied"}
    for axes, (doing, label) in zip(all_axes, labels.items()):
        sizes = sorted(
            int(m["scene"].split("/")[2][:-1])
            for m in results["measurements"]
            if m["scene"].startswith(f"messages/{doing}/") and m["contender"] == "no queue"
        )
        rows = {
            size: {
                c: (k, s["median"])
                for c, k, s in measured(results, f"messages/{doing}/{size}B/cap64", "ns_per_op")
            }
            for size in sizes
        }
        for name in rows[sizes[0]] if sizes else ():
            base = [rows[size]["no queue"][1] if doing == "copied" else 1 for size in sizes]
            values = [rows[size][name][1] / unit for size, unit in zip(sizes, base)]
            style = ":" if rows[sizes[0]][name][0] == "Floor" else "-" if name in OWN else "--"
            axes.plot(sizes, values, f"o{style}", label=name, markersize=4)
        axes.set_xscale("log")
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
        axes.set_xlabel("bytes")
        axes.set_ylabel(label)
        axes.set_ylim(0)
        axes.grid(alpha=0.3)
    all_axes[1].legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))
    save(figure, results, file)


def latency(results, folder):
    """Of the scene with the most threads, in overload: by quantile, so many nines."""
    scenes = [m["scene"] for m in results["measurements"] if "/consume1000/rate" in m["scene"]]
    scene = max(scenes, key=lambda scene: int(scene.split("/")[1].split("p")[0]))
    figure, all_axes = plt.subplots(1, 2, figsize=(12, 5))
    names = [("push_ns", "latency of a push, µs"), ("age_ns", "age at delivery, µs")]
    for axes, (curve, label) in zip(all_axes, names):
        for m in results["measurements"]:
            if m["scene"] == scene and curve in m["curves"]:
                points = [(1 / (1 - q), ns / 1e3) for q, ns in m["curves"][curve] if q < 1]
                style = "-" if m["contender"] in OWN else ":" if m["kind"] == "Floor" else "--"
                axes.plot(*zip(*points), style, label=m["contender"], linewidth=1.2)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks([2, 10, 100, 1000, 10_000], ["50 %", "90 %", "99 %", "99.9 %", "99.99 %"])
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
    all_axes[1].legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))
    figure.suptitle(scene)
    save(figure, results, folder / f"{scene.replace('/', '-')}.svg")


def save(figure, results, file):
    machine = results["machine"]
    figure.text(
        0.01,
        0.01,
        f"{machine['processor']}, {machine['cores']} cores, {machine['rustc']}",
        fontsize=6,
    )
    figure.tight_layout(rect=(0, 0.02, 1, 1))
    figure.savefig(file, metadata={"Date": None})
    print(file)


def main():
    source = Path(sys.argv[1] if len(sys.argv) > 1 else HERE / "../target/compare/latest.json")
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else HERE / "results")
    results = json.loads(source.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    overwrite(results, folder / "overwrite.svg")
    if any(m["scene"].startswith("messages/") for m in results["measurements"]):
        messages(results, folder / "messages.svg")
    threads(results, folder / "threads-8B.svg")
    latency(results, folder)


if __name__ == "__main__":
    main()
